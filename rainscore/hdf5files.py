"""Reading of HDF5 files from unknown sources: nothing but the file itself is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from rainscore.errors import DamagedFile
from rainscore.hdf5heaps import has_endless_heap
from rainscore.webpages import is_web_page

SIGNATURE = b"\x89HDF\r\n\x1a\n"
"""First bytes of every HDF5 file without a user block."""


MAX_OBJECTS = 10_000
"""Number of links in a file above which it is refused."""


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
def open_hdf5(path: Path | str, *, check_all: bool = True) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading, after a check that it does not refer to other files.

    Errors that HDF5 raises inside the block, also while data are read, become `DamagedFile`.

    Args:
        path: The file.
        check_all: Whether all objects of the file are checked when it is opened, which takes longer
            than reading a small file. If not, only `member_names` may be used to find an object,
            and only `hdf5arrays.find_array` to open an array: they check what they find.

    Raises:
        DamagedFile: The file cannot be opened, is empty, truncated or not HDF5, cannot be decoded,
            lacks an object that is read, or contains external links, external storage or virtual
            datasets.
    """
    path = Path(path)
    _check_signature(path)
    try:
        with h5py.File(path, "r") as file:
            if check_all:
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


def member_names(group: h5py.Group, path: Path | str) -> list[str]:
    """Names of the members of a group.

    Raises:
        DamagedFile: A member is in another file, or the group has more than `MAX_OBJECTS` members.
    """
    members = _members(group.id, path)
    if any(kind == h5py.h5l.TYPE_SOFT for _, kind in members):
        _check_links(group.file, path)  # the path of a soft link may lead through any group
    return [name.decode(errors="replace") for name, _ in members]


def _check_links(file: h5py.File, path: Path | str) -> None:
    """Raise DamagedFile if a link or an array refers to another file.

    The groups are visited one by one: HDF5's own recursive visit exhausts the stack in files with
    groups nested thousands of times.
    """
    groups, visited, count = [file.id], set(), 0
    while groups:
        group = groups.pop()
        members = _members(group, path)
        count += len(members)
        if count > MAX_OBJECTS:
            raise _too_many_objects(path)
        for name, kind in members:
            if kind == h5py.h5l.TYPE_SOFT:  # refers to a hard link of the same file
                continue
            item = h5py.h5o.open(group, name)
            is_array = isinstance(item, h5py.h5d.DatasetID)
            if is_array and has_other_storage(item.get_create_plist()):
                raise stored_elsewhere(name.decode(errors="replace"), path)
            if isinstance(item, h5py.h5g.GroupID) and item not in visited:
                visited.add(item)
                groups.append(item)


def _members(group: h5py.h5g.GroupID, path: Path | str) -> list[tuple[bytes, int]]:
    """Name of each member of a group, and whether it is a hard or a soft link.

    Raises:
        DamagedFile: A member is in another file, or the group has more than `MAX_OBJECTS` members.
    """
    members: list[tuple[bytes, int]] = []

    def add(name: bytes, link: Any) -> bool | None:
        members.append((name, link.type))
        return True if len(members) > MAX_OBJECTS else None  # True ends the iteration

    group.links.iterate(add, info=True)
    if len(members) > MAX_OBJECTS:
        raise _too_many_objects(path)
    for name, kind in members:
        if kind not in (h5py.h5l.TYPE_HARD, h5py.h5l.TYPE_SOFT):
            raise stored_elsewhere(name.decode(errors="replace"), path)
    return members


def _too_many_objects(path: Path | str) -> DamagedFile:
    return DamagedFile(path, f"it has more than {MAX_OBJECTS} objects", PRODUCER)


def stored_elsewhere(name: str, path: Path | str) -> DamagedFile:
    """Error for an object that is not in the file itself."""
    return DamagedFile(
        path,
        f"{name!r} is stored in another file",
        "use files that contain their data; h5repack makes one of them",
    )


def has_other_storage(plist: h5py.h5p.PropDCID) -> bool:
    """Whether an array with a creation list is in external files or has values of other arrays."""
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
    if has_endless_heap(path):
        raise DamagedFile(path, "one of its heaps has an object of size 0", DOWNLOAD)
