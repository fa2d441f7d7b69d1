"""Checksums of the maps in training files, verified when a map is read.

The arrays are contiguous, to be mapped into memory; HDF5 has checksums of chunks only.
"""

from collections.abc import Mapping
from pathlib import Path
from zlib import crc32

import h5py
import numpy as np

from rainscore.errors import DamagedFile
from rainscore.hdf5seals import REMEDY, check_seal, seal

GROUP = "checksums"
"""Group of the checksums: for each array of maps, one CRC-32 per map."""


class CheckedMaps:
    """Array of maps whose checksums are verified the first time that each map is read.

    Args:
        maps: Array in the file, first dimension the maps.
        checksums: Checksum of each map; None accepts all.
        place: File and name of the array, for the error message.
    """

    def __init__(
        self,
        maps: h5py.Dataset | np.ndarray,
        checksums: np.ndarray | None,
        place: tuple[Path | str, str],
    ) -> None:
        self.maps, self._checksums, self._place = maps, checksums, place
        self._verified = np.full(len(maps), checksums is None)

    def __getitem__(self, key: int | tuple[int, int]) -> np.ndarray:
        """One map, or one channel of it.

        Raises:
            DamagedFile: The map is not the one that was written.
        """
        row = key[0] if isinstance(key, tuple) else key
        if not self._verified[row] and self._checksums is not None:
            verify(self.maps[row], self._checksums[row], self._place)
            self._verified[row] = True
        return self.maps[key]


def verify(one: np.ndarray, checksum: int, place: tuple[Path | str, str]) -> None:
    """Raise DamagedFile if a map is not the one that was written."""
    if _checksum(one) != checksum:
        path, name = place
        raise DamagedFile(path, f"a map of {name} does not match its checksum", REMEDY)


def write_checksums(file: h5py.File) -> None:
    """Write the checksums of all maps of a training file, and seal its header."""
    group = file.create_group(GROUP)
    for name, item in list(file.items()):
        if isinstance(item, h5py.Dataset) and item.ndim > 1:
            group[name] = np.array([_checksum(item[row]) for row in range(len(item))], np.uint32)
    seal(file)


def read_checksums(file: h5py.File, path: Path | str) -> Mapping[str, np.ndarray]:
    """Checksums of each array of a training file, after a check of its header.

    A file without checksums, which another program has written, gives none.

    Raises:
        DamagedFile: The header is not the one that was written.
    """
    check_seal(file, path)
    if GROUP not in file:
        return {}
    checksums = {name: item[:] for name, item in file[GROUP].items()}
    for name, values in checksums.items():
        if name not in file or values.shape != file[name].shape[:1]:
            raise DamagedFile(path, f"its checksums are not those of {name}", REMEDY)
    return checksums


def _checksum(one: np.ndarray) -> int:
    return crc32(np.ascontiguousarray(one).data)
