"""Where the tests find real files, which are never part of the repository."""

import os
from pathlib import Path

import pytest

from rainscore.paths import CHECKOUT


def shared(name: str) -> Path:
    """Path of a real file or folder; skips the test, saying why, where it is absent."""
    folder = Path(os.environ.get("RAINSCORE_SHARED_DATA", CHECKOUT.parent / "shared" / "data"))
    path = folder / name
    if not path.exists():
        pytest.skip(
            f"real file {name} is absent; set RAINSCORE_SHARED_DATA to a folder that has it"
        )
    return path
