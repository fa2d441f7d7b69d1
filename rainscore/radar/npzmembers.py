"""Integer arrays of npz files, which are checked before they are read."""

import lzma
import tokenize
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile

import numpy as np

from rainscore.errors import DamagedFile

READ_ERRORS = (
    BadZipFile,
    zlib.error,
    lzma.LZMAError,
    ValueError,
    TypeError,
    KeyError,
    EOFError,
    SyntaxError,
    tokenize.TokenError,
    RecursionError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
)
"""Errors of zipfile and NumPy on a file that is truncated, changed or of another format."""


Header = tuple[tuple[int, ...], bool, np.dtype]
"""Shape, whether in Fortran order, and type of an array."""


@contextmanager
def open_npz(file: Path | str, *, format_name: str) -> Iterator[ZipFile]:
    """Open an npz file; errors inside the block become DamagedFile.

    Args:
        file: Path of the file.
        format_name: Name of the format, for the error message.

    Raises:
        DamagedFile: The file does not exist, or an error occurred while it was read.
    """
    try:
        with ZipFile(file) as archive:
            yield archive
    except OSError as error:
        raise DamagedFile(
            file, f"it cannot be read ({error.strerror})", "restore it, or allow reading it"
        ) from error
    except READ_ERRORS as error:
        raise DamagedFile(
            file, f"not a frame of {format_name} ({error})", "download it again"
        ) from error


def read_header(archive: ZipFile, name: str) -> Header:
    """Header of an array.

    Raises:
        KeyError: The archive has no such array.
        ValueError: The header is not that of a NumPy array.
    """
    with archive.open(f"{name}.npy") as member:
        return read_member_header(member)


def read_array(archive: ZipFile, name: str, *, kinds: str, max_bytes: int) -> np.ndarray:
    """Read an array; its size and its checksum are verified.

    Args:
        archive: Open npz file.
        name: Name of the array.
        kinds: Allowed kinds of its type (`numpy.dtype.kind`), such as `iu`.
        max_bytes: Maximum size in memory [bytes]; nothing is read where the header claims more.

    Raises:
        KeyError: The archive has no such array.
        ValueError: The array has another type or size.
    """
    with archive.open(f"{name}.npy") as member:
        shape, fortran, dtype = read_member_header(member)
        size = dtype.itemsize * prod(shape)
        if dtype.kind not in kinds or size > max_bytes:
            raise ValueError(f"{name} has the shape {shape} and the type {dtype}")
        content = member.read(size + 1)  # one more byte, so that zipfile verifies the checksum
    if len(content) != size:
        raise ValueError(f"{name} has not the {size} bytes of its header")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")


def read_member_header(member: IO[bytes]) -> Header:
    """Header of an open array, which is left at its first value."""
    version = np.lib.format.read_magic(member)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(member)
    return np.lib.format.read_array_header_2_0(member)
