"""Frames of an npz file that is too large for the memory."""

from collections.abc import Iterator
from math import prod
from pathlib import Path
from threading import Lock
from zipfile import ZipFile

import numpy as np

from rainscore.radar.npzmembers import read_member_header


class NpzFrames:
    """Sequential reader of the first axis of an array of integers (frame, y, x).

    One frame is decompressed at a time. Reading in order is fast; an earlier frame restarts the
    decompression.

    Args:
        file: npz file; it stays open.
        name: Name of the array.
        max_bytes: Maximum size of a frame in memory [bytes].

    Attributes:
        n: Number of frames.
        shape: Shape of a frame.

    Raises:
        ValueError: The array is not of this kind, or not of the size that its header claims; or
            another of `npzmembers.READ_ERRORS`.
    """

    def __init__(self, file: Path | str, name: str, *, max_bytes: int) -> None:
        self._lock = Lock()
        self._archive = ZipFile(file)
        self._entry = self._archive.getinfo(f"{name}.npy")
        self._member = self._archive.open(self._entry)
        shape, fortran, self._dtype = read_member_header(self._member)
        self._start = self._member.tell()
        is_kind = len(shape) == 3 and not fortran and self._dtype.kind == "i" and 0 not in shape
        self.n, self.shape = (shape[0], shape[1:]) if is_kind else (0, (0, 0))
        self._size = self._dtype.itemsize * prod(self.shape)
        claimed = self._start + self.n * self._size
        if not is_kind or self._size > max_bytes or claimed != self._entry.file_size:
            raise ValueError(f"its data have shape {shape} and type {self._dtype}")

    def frame(self, index: int) -> np.ndarray:
        """Stored integers of a frame.

        Raises:
            ValueError: The file has no frame `index`; or another of `npzmembers.READ_ERRORS`.
        """
        if not 0 <= index < self.n:
            raise ValueError(f"it has {self.n} frames and no frame {index}")
        with self._lock:
            self._member.seek(self._start + index * self._size)
            content = self._member.read(self._size)
        return np.frombuffer(content, self._dtype).reshape(self.shape)

    def verified(self) -> Iterator[np.ndarray]:
        """All frames in order, after which zipfile has compared the checksum of the array."""
        with self._archive.open(self._entry) as member:
            member.read(self._start)
            for _ in range(self.n):
                yield np.frombuffer(member.read(self._size), self._dtype).reshape(self.shape)
            member.read(1)
