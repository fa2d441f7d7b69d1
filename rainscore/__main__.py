"""`python -m rainscore` is the command `rainscore`."""

import sys

from rainscore.cli import main

sys.exit(main())
