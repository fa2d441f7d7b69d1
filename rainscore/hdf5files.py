"""Reading of HDF5 files from unknown sources: nothing but the file itself is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil, prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from rainscore.errors import DamagedFile
from rainscore.io import is_web_page

SIGNATURE = b"\x89HDF\r\n\x1a\n"
"""First bytes of every HDF5 file without a user block."""


MAX_OBJECTS = 10_000
"""Number of links in a file above which it is refused."""


MAX_VALUES = 100_000_000
"""Number of values of an array above which it is refused: 15 times a global IMERG field."""


DOWNLOAD = "download it again"
"""Remedy for a file that was damaged on the way."""


PRODUCER = "download it again if it may be damaged, otherwise ask its producer for a correct file"
"""Remedy for a file that can be read, but whose content is not that of its format."""


def text(value: object) -> str:
    """Convert an HDF5 string attribute (bytes, str, or an array with one of them) to str."""
    if isinstance(value, np.ndarray):
        value = value.flat[0] if value.size else ""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


@contextmanager
def open_hdf5(path: Path | str) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading, after a check that it does not refer to other files.

    Errors that HDF5 raises inside the block, also while data are read, become `DamagedFile`.

    Raises:
        DamagedFile: The file cannot be opened, is empty, truncated or not HDF5, cannot be decoded,
            lacks an object that is read, or contains external links, external storage or virtual
            datasets.
    """
    path = Path(path)
    _check_signature(path)
    try:
        with h5py.File(path, "r") as file:
            _check_links(file, path)
            yield file
    except BlockingIOError as error:
        raise DamagedFile(
            path, "another program is writing to it", "run this again when it has finished"
        ) from error
    except (OSError, RuntimeError) as error:
        if "already open for write" in str(error):  # a flag in the file, where locks are off
            raise DamagedFile(
                path,
                "another program is writing to it, or was stopped while it did",
                "run this again when it has finished, or fetch the file again",
            ) from error
        raise DamagedFile(path, f"HDF5 cannot read it ({error})", DOWNLOAD) from error
    except (KeyError, ValueError, TypeError, OverflowError, MemoryError) as error:
        reason = f"its content is not that of its format ({error})"
        raise DamagedFile(path, reason, PRODUCER) from error


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
        DamagedFile: `name` is not an array of integers or floats, has another number of
            dimensions, or more than `MAX_VALUES` values.
    """
    return read_values(find_array(group, name, path, ndim=ndim), selection)


def read_values(dataset: h5py.Dataset, selection: Any = ()) -> tuple[np.ndarray, np.ndarray]:
    """Values of an array of `find_array`, and which of them were written (see `read_array`)."""
    return np.asarray(dataset[selection]), np.asarray(_written(dataset)[selection])


def find_array(
    group: h5py.Group, name: str, path: Path | str, ndim: int | None = None
) -> h5py.Dataset:
    """Array of numbers in a group, checked without reading it (see `read_array`)."""
    dataset = group.get(name)
    place = f"{group.name.rstrip('/')}/{name}"
    if dataset is None:
        raise DamagedFile(path, f"it has no {place}", PRODUCER)
    if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "iuf":
        raise DamagedFile(path, f"{place} is not an array of numbers", PRODUCER)
    shape = dataset.shape
    if shape is None or (ndim is not None and len(shape) != ndim):
        raise DamagedFile(path, f"the shape of {place} is {shape}", PRODUCER)
    if max(prod(shape), prod(dataset.chunks or ())) > MAX_VALUES:
        raise DamagedFile(
            path, f"the shape of {place} is {shape}, more than {MAX_VALUES:,} values", PRODUCER
        )
    return dataset


def _written(dataset: h5py.Dataset) -> np.ndarray:
    """Mask of the values that were written, in the shape of the array; exact to a chunk."""
    shape, chunks = dataset.shape, dataset.chunks
    if chunks is None:
        return np.broadcast_to(dataset.id.get_storage_size() > 0, shape)
    count = dataset.id.get_num_chunks()
    if count == prod(ceil(n / chunk) for n, chunk in zip(shape, chunks, strict=True)):
        return np.broadcast_to(True, shape)
    written = np.zeros(shape, bool)
    for number in range(count):
        offset = dataset.id.get_chunk_info(number).chunk_offset
        written[tuple(slice(i, i + n) for i, n in zip(offset, chunks, strict=True))] = True
    return written


def _check_links(file: h5py.File, path: Path) -> None:
    """Raise DamagedFile if a link or an array refers to another file.

    The groups are visited one by one: HDF5's own recursive visit exhausts the stack in files with
    groups nested thousands of times.
    """
    groups, visited, count = [file.id], set(), 0
    while groups:
        group = groups.pop()
        for name in group:
            count += 1
            if count > MAX_OBJECTS:
                raise DamagedFile(path, f"it has more than {MAX_OBJECTS} objects", PRODUCER)
            kind = group.links.get_info(name).type
            if kind == h5py.h5l.TYPE_SOFT:  # refers to a hard link of the same file
                continue
            item = h5py.h5o.open(group, name) if kind == h5py.h5l.TYPE_HARD else None
            if item is None or _has_other_storage(item):
                raise DamagedFile(
                    path,
                    f"{name.decode(errors='replace')!r} is stored in another file",
                    "use files that contain their data; h5repack makes one of them",
                )
            if isinstance(item, h5py.h5g.GroupID) and item not in visited:
                visited.add(item)
                groups.append(item)


def _has_other_storage(item: object) -> bool:
    """Whether the values of an array are in external files or are those of other arrays."""
    if not isinstance(item, h5py.h5d.DatasetID):
        return False
    plist = item.get_create_plist()
    return plist.get_layout() == h5py.h5d.VIRTUAL or plist.get_external_count() > 0


def _check_signature(path: Path) -> None:
    """Raise DamagedFile if a path is not that of an HDF5 file."""
    try:
        if path.exists() and not path.is_file():
            raise DamagedFile(path, "it is not a file", "remove it, or give the path of a file")
        with path.open("rb") as raw:
            start = raw.read(512)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DamagedFile(
            path, f"it cannot be opened ({reason})", "check the path and its permissions"
        ) from error
    if not start:
        raise DamagedFile(path, "the file is empty", DOWNLOAD)
    if is_web_page(start):
        raise DamagedFile(
            path,
            "it is a web page, not HDF5",
            "the server answered with a login or error page: approve the application "
            "'NASA GESDISC DATA ARCHIVE' in your Earthdata profile and download the file again",
        )
    if not start.startswith(SIGNATURE) and not h5py.is_hdf5(path):
        raise DamagedFile(path, "it is not an HDF5 file", DOWNLOAD)
