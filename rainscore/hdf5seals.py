"""Digests of the headers of HDF5 files that the workflow writes.

HDF5 has checksums of chunks, but not of attributes, of small arrays and of the names of dimensions.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from rainscore.errors import DamagedFile
from rainscore.hdf5files import DOWNLOAD, PRODUCER, open_hdf5, text

FETCHED = (DOWNLOAD, PRODUCER)
"""Remedies for files of others, which do not help for a file of the workflow."""


SEAL = "header_sha256"
"""Attribute of a file with the digest of its header."""


REMEDY = "delete it and run the workflow again, or restore it"
"""Remedy for a damaged file of the workflow."""


LINKS = ("DIMENSION_LIST", "REFERENCE_LIST")
"""Attributes with references to other objects of the file."""


@contextmanager
def open_own(path: Path | str) -> Iterator[h5py.File]:
    """Open an HDF5 file that the workflow writes, as `hdf5files.open_hdf5` does.

    Raises:
        DamagedFile: As `open_hdf5`; the remedy is to write the file again, not to download it.
    """
    try:
        with open_hdf5(path) as file:
            yield file
    except DamagedFile as error:
        if error.remedy not in FETCHED:
            raise
        raise DamagedFile(path, error.reason, REMEDY) from error


def seal(file: h5py.File) -> None:
    """Write the digest of the header of a file into the file."""
    file.attrs[SEAL] = header_digest(file)


def check_seal(file: h5py.File, path: Path | str) -> None:
    """Raise DamagedFile if a file has a digest of its header that does not match.

    A file without one, which another program has written, is accepted.
    """
    stated = file.attrs.get(SEAL)
    try:
        fits = stated is None or text(stated) == header_digest(file)
    except (LookupError, AttributeError, TypeError, ValueError):  # a header of another content
        fits = False
    if not fits:
        raise DamagedFile(
            path, f"it was edited or is damaged: its header does not match its {SEAL}", REMEDY
        )


def header_digest(file: h5py.File) -> str:
    """SHA-256 of attributes, shapes, types, dimensions, and values of arrays of one dimension."""
    names = ["/"]
    file.visit(lambda name: names.append(f"/{name}"))
    digest = sha256()
    for name in sorted(names):
        for part in _parts(file[name]):
            digest.update(f"{name} {part}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _parts(item: h5py.Group | h5py.Dataset) -> Iterator[str]:
    """Descriptions of an object of a file."""
    for name in sorted(set(item.attrs) - {SEAL, *LINKS}):
        yield f"{name}={_plain(item.attrs[name])}"
    if isinstance(item, h5py.Dataset):
        yield f"{item.dtype} {item.shape}"
        yield str([[h5py.h5r.get_name(one[0], item.id)] for one in item.attrs.get(LINKS[0], [])])
        if item.ndim <= 1 and item.shape is not None:
            values = item[()]
            is_fixed = item.dtype.kind in "iufbSM"
            yield sha256(np.asarray(values).tobytes()).hexdigest() if is_fixed else _plain(values)


def _plain(value: Any) -> str:
    """Text of an attribute or of a small array, the same in each process."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    return repr(value)
