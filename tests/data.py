"""Real files for tests; they are not part of the repository."""

import os
from pathlib import Path

import pytest

from rainscore.paths import CHECKOUT


def shared(name: str) -> Path:
    """Path of a real file or folder; the test is skipped if it is absent."""
    folder = Path(os.environ.get("RAINSCORE_SHARED_DATA", CHECKOUT.parent / "shared" / "data"))
    path = folder / name
    if not path.exists():
        pytest.skip(
            f"real file {name} is absent; set RAINSCORE_SHARED_DATA to a folder that has it"
        )
    return path
