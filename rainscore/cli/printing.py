"""Lines on the terminal: labels and file names come from others, and a terminal obeys them."""

import json
import sys
from typing import Any, TextIO

from rainscore.errors import printable


def say(*lines: object, stream: TextIO | None = None) -> None:
    """Print lines of printable characters, by default to standard output."""
    print("\n".join(map(printable, lines)), file=stream or sys.stdout, flush=True)


def complain(*lines: object) -> None:
    """Print lines of printable characters to standard error."""
    say(*lines, stream=sys.stderr)


def json_line(value: Any) -> str:
    """Plain values as one line of JSON; characters that are not printable are escaped.

    >>> json_line({"name": "pluie à l’ouest"})
    '{"name": "pluie à l’ouest"}'
    >>> json_line({"name": "\x9b2J"})
    '{"name": "\\\\u009b2J"}'
    """
    line = json.dumps(value, ensure_ascii=False)
    return line if line.isprintable() else json.dumps(value)
