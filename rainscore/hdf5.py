"""Opening HDF5 files of unknown health."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from rainscore.errors import DamagedFile

SIGNATURE = b"\x89HDF\r\n\x1a\n"


def text(value: object) -> str:
    """Return an HDF5 string attribute (fixed or variable length, bytes or str, maybe an array)."""
    if isinstance(value, np.ndarray):
        value = value.flat[0]
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


@contextmanager
def open_hdf5(path: Path | str) -> Iterator[h5py.File]:
    """Open a file for reading; whatever HDF5 cannot read inside the block is a damaged file.

    Raises:
        FileNotFoundError: There is no such file.
        DamagedFile: It is empty, truncated, not HDF5, or its content does not decode.
    """
    path = Path(path)
    with path.open("rb") as raw:
        start = raw.read(512)
    if not start.startswith(SIGNATURE):
        raise DamagedFile(path, *_not_hdf5(start))
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise DamagedFile(path, f"HDF5 cannot read it ({error})", "fetch it again") from error


def _not_hdf5(start: bytes) -> tuple[str, str]:
    """Reason and remedy for a file that does not begin as HDF5 does."""
    if not start:
        return "the file is empty", "fetch it again"
    if start.lstrip().lower().startswith((b"<!doctype html", b"<html", b"<?xml")):
        return (
            "it is a web page, not HDF5",
            "the server answered with a login or error page: approve the application "
            "'NASA GESDISC DATA ARCHIVE' in your Earthdata profile and fetch the file again",
        )
    return "it is not an HDF5 file", "fetch it again"
