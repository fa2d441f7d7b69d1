"""Arrays of numbers and attributes of HDF5 files, through the low-level interface of h5py.

Opening and reading small arrays and attributes takes less than half the time of `h5py.Dataset`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from math import ceil, prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from rainscore.errors import DamagedFile
from rainscore.hdf5files import PRODUCER, has_other_storage, stored_elsewhere

MAX_VALUES = 100_000_000
"""Number of values of an array above which it is refused: 15 times a global IMERG field."""


@dataclass(frozen=True, eq=False)
class Array:
    """Array of numbers in an open HDF5 file.

    Attributes:
        id: Identifier of the array in h5py.
        name: Path of the array in the file.
        shape, dtype: As stored.
        chunks: Shape of a chunk; None if the array is not chunked.
    """

    id: h5py.h5d.DatasetID
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    chunks: tuple[int, ...] | None

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of values."""
        return prod(self.shape)

    def read(self, selection: Any = ()) -> tuple[np.ndarray, np.ndarray]:
        """Values of a selection of slices and indices, and which were written (`read_array`)."""
        if _is_whole(selection, self.shape):
            whole = np.empty(self.shape, self.dtype)
            self.id.read(h5py.h5s.ALL, h5py.h5s.ALL, whole)
            values = np.asarray(whole[selection])
        else:
            values = np.asarray(h5py.Dataset(self.id)[selection])
        written = self._written()
        if written is None:
            return values, np.ones(values.shape, bool)
        return values, np.asarray(written[selection])

    def _written(self) -> np.ndarray | None:
        """Mask of the values that were written, exact to a chunk; None if all were written."""
        if self.chunks is None:
            return None if self.id.get_storage_size() > 0 else np.zeros(self.shape, bool)
        axes = list(zip(self.shape, self.chunks, strict=True))
        count = self.id.get_num_chunks()
        if count == prod(ceil(size / chunk) for size, chunk in axes):
            return None
        written = np.zeros(self.shape, bool)
        for number in range(count):
            offset = self.id.get_chunk_info(number).chunk_offset
            written[tuple(slice(i, i + n) for i, n in zip(offset, self.chunks, strict=True))] = True
        return written


def find_array(group: h5py.Group, name: str, path: Path | str, ndim: int | None = None) -> Array:
    """Array of numbers in a group, checked without reading it (see `read_array`)."""
    place = f"{group.name.rstrip('/')}/{name}"
    try:
        item = h5py.h5o.open(group.id, name.encode())
    except KeyError as error:
        raise DamagedFile(path, f"it has no {place}", PRODUCER) from error
    if not isinstance(item, h5py.h5d.DatasetID) or item.dtype.kind not in "iuf":
        raise DamagedFile(path, f"{place} is not an array of numbers", PRODUCER)
    plist = item.get_create_plist()
    if has_other_storage(plist):
        raise stored_elsewhere(name, path)
    chunks = plist.get_chunk() if plist.get_layout() == h5py.h5d.CHUNKED else None
    shape = item.shape
    if shape is None or (ndim is not None and len(shape) != ndim):
        raise DamagedFile(path, f"the shape of {place} is {shape}", PRODUCER)
    if max(prod(shape), prod(chunks or ())) > MAX_VALUES:
        raise DamagedFile(
            path, f"the shape of {place} is {shape}, more than {MAX_VALUES:,} values", PRODUCER
        )
    return Array(item, place, shape, item.dtype, chunks)


def read_array(
    group: h5py.Group, name: str, path: Path | str, selection: Any = (), ndim: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Read an array of numbers, and which of its values were written.

    HDF5 returns the fill value, 0 by default, for chunks that were never written.

    Args:
        group: Group that contains the array.
        name: Name of the array in the group.
        path: Path of the file, for error messages.
        selection: Slices and indices to read; the whole array by default.
        ndim: Required number of dimensions; any by default.

    Returns:
        Values with the dtype of the file, and a mask of the same shape, False where a value was
        never written.

    Raises:
        DamagedFile: `name` is not an array of integers or floats, is in another file, has another
            number of dimensions, or more than `MAX_VALUES` values.
    """
    return find_array(group, name, path, ndim=ndim).read(selection)


def attribute_names(item: h5py.Group | Array) -> list[str]:
    """Names of the attributes of a group or an array."""
    names: list[bytes] = []
    h5py.h5a.iterate(item.id, names.append)
    return [name.decode(errors="surrogateescape") for name in names]


def read_attributes(item: h5py.Group | Array, names: Collection[str]) -> dict[str, Any]:
    """Attributes of a group or an array, those of `names` that it has, as h5py returns them."""
    return {name: _attribute(item, name) for name in attribute_names(item) if name in names}


def _attribute(item: h5py.Group | Array, name: str) -> Any:
    attribute = h5py.h5a.open(item.id, name.encode(errors="surrogateescape"))
    kind, shape = attribute.get_type(), attribute.shape
    fixed = isinstance(kind, h5py.h5t.TypeIntegerID | h5py.h5t.TypeFloatID) or (
        isinstance(kind, h5py.h5t.TypeStringID) and not kind.is_variable_str()
    )
    if not fixed or shape is None:
        return h5py.AttributeManager(item)[name]
    values = np.empty(shape, kind.dtype)
    attribute.read(values, mtype=kind)
    return values[()]


def _is_whole(selection: Any, shape: tuple[int, ...]) -> bool:
    """Whether a selection of slices and indices has all values of an array of a shape."""
    parts = selection if isinstance(selection, tuple) else (selection,)
    return len(parts) <= len(shape) and all(
        part.indices(size) == (0, size, 1) if isinstance(part, slice) else (part, size) == (0, 1)
        for part, size in zip(parts, shape, strict=False)
    )
