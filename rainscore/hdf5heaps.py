"""Global heaps of HDF5 files, which hold text and references of variable length.

The HDF5 library never finishes reading a heap with an object of size 0, so heaps are checked first.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

SIGNATURE = b"GCOL\x01\0\0\0"
"""First bytes of a heap, at an address that is a multiple of 8."""


BLOCK = 1 << 23
"""Number of bytes at the start and at the end of a file in which heaps are searched.

Heaps hold the dimensions and the text of the header, which are written first or last.
"""


MAX_HEAP = 1 << 26
"""Size above which a heap is damaged [bytes]; the library writes heaps of 4096 bytes."""


HEADER, OBJECT = struct.Struct("<8sQ"), struct.Struct("<HHIQ")
"""Start of a heap: signature, size. Start of an object: index, references, reserved, size."""


def has_endless_heap(path: Path) -> bool:
    """Whether a file has a heap that the HDF5 library would not finish reading.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        return any(_is_endless(file, address) for address in sorted(set(_addresses(file))))


def _addresses(file: BinaryIO) -> Iterator[int]:
    """Addresses of the heaps at the start and at the end of a file."""
    size = file.seek(0, os.SEEK_END)
    for start in sorted({0, max(0, min(BLOCK, size - BLOCK)), max(0, size - BLOCK)}):
        file.seek(start)
        content = file.read(BLOCK + len(SIGNATURE))
        at = content.find(SIGNATURE)
        while at >= 0:
            yield start + at
            at = content.find(SIGNATURE, at + 1)


def _is_endless(file: BinaryIO, address: int) -> bool:
    """Whether a heap has an object of size 0 before its end."""
    file.seek(address)
    _, size = HEADER.unpack(file.read(HEADER.size).ljust(HEADER.size, b"\0"))
    if size > MAX_HEAP:
        return False  # the library refuses a heap that is larger than the file
    content = file.read(size - HEADER.size) if size > HEADER.size else b""
    at = 0
    while at + OBJECT.size <= len(content):
        index, _, _, length = OBJECT.unpack_from(content, at)
        needed = length if index == 0 else OBJECT.size + (length + 7) // 8 * 8
        if needed == 0:
            return True
        at += needed
    return False
