"""NetCDF files and Zarr stores of unknown sources, opened without decoding or reading them."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

from rainscore.errors import DamagedFile
from rainscore.hdf5files import open_hdf5
from rainscore.radar.zarrfiles import check_links, check_sizes, check_store, read_written

SUFFIXES = (".nc", ".nc4", ".zarr")


READ_ERRORS = (
    OSError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
)
"""Errors of xarray, h5netcdf, h5py, SciPy, zarr and numcodecs on a file of another content."""


STORED: dict[str, Any] = {
    "mask_and_scale": False,
    "decode_times": False,
    "decode_timedelta": False,
}
"""Options of xarray that leave the variables as they are stored."""


Reader = Callable[[str, tuple, list], tuple[np.ndarray, np.ndarray | None]]
"""Function of a variable, a selection in its dims, and its codes of missing values.

It returns the stored values and a mask, False where nothing was written; None where nothing is
known of it.
"""


@dataclass(frozen=True, eq=False)
class CfFile:
    """An open file.

    Attributes:
        dataset: Its variables, lazy.
        read: Function that reads a part of a variable.
    """

    dataset: xr.Dataset
    read: Reader


def open_cf(file: Path | str) -> CfFile:
    """Open a NetCDF file or a Zarr store; the last two stay open, since frames are read in order.

    Raises:
        DamagedFile: The file cannot be opened, refers to other files, or contains arrays beyond
            `zarrfiles.MAX_VALUES`, objects of Python or unknown codecs.
    """
    try:
        status = Path(file).stat()
        return _open(str(file), status.st_mtime_ns, status.st_size)
    except READ_ERRORS as error:
        raise unreadable(file, error) from error


def unreadable(file: Path | str, error: object) -> DamagedFile:
    """Error for a file that cannot be opened or decoded."""
    text = " ".join(str(error).split())[:300]
    return DamagedFile(
        file,
        f"no NetCDF or Zarr that can be read ({text or type(error).__name__})",
        "copy or download it again",
    )


@lru_cache(maxsize=2)
def _open(file: str, modified: int, size: int) -> CfFile:
    """Open a file; another time or size of it is another file."""
    if Path(file).is_dir():
        return _open_zarr(file)
    with Path(file).open("rb") as content:
        start = content.read(4)
    if start in (b"CDF\x01", b"CDF\x02"):
        return _open_netcdf3(file)
    if not h5py.is_hdf5(file):
        raise unreadable(file, "its content is neither NetCDF nor Zarr")
    return _open_netcdf4(file)


def _open_zarr(file: str) -> CfFile:
    try:
        import zarr
        from zarr.storage import LocalStore
    except ImportError as error:
        raise DamagedFile(
            file, "a Zarr store needs the package zarr", "pip install zarr"
        ) from error
    check_links(Path(file))
    store = LocalStore(file, read_only=True)
    with warnings.catch_warnings():  # about files that Zarr ignores
        warnings.simplefilter("ignore")
        group = zarr.open_group(store, mode="r", use_consolidated=False)
        check_store(group, file)
        dataset = xr.open_zarr(store, chunks=None, consolidated=False, **STORED)
    for name, variable in dataset.variables.items():
        # In Zarr 2, xarray takes any fill_value as the code of missing values. A fill_value of 0,
        # the default of zarr, would make dry pixels missing.
        if variable.attrs.get("_FillValue") == 0:
            stated = group[str(name)].attrs.get("_FillValue")
            variable.attrs.pop("_FillValue")
            variable.attrs |= {} if stated is None else {"_FillValue": stated}

    def read(name: str, selection: tuple, missing: list) -> tuple[np.ndarray, np.ndarray | None]:
        array = group[name]
        assert isinstance(array, zarr.Array)
        return read_written(array, selection, missing)

    return CfFile(dataset, read)


def _open_netcdf3(file: str) -> CfFile:
    dataset = xr.open_dataset(file, engine="scipy", **STORED)
    for name, variable in dataset.variables.items():
        check_sizes(str(name), variable.shape, None, file)
    return CfFile(dataset, lambda name, selection, missing: (_read(dataset, name, selection), None))


def _open_netcdf4(file: str) -> CfFile:
    with open_hdf5(file) as content:
        for name, item in content.items():
            if isinstance(item, h5py.Dataset) and item.shape is not None:
                check_sizes(name, item.shape, item.chunks, file)
    dataset = xr.open_dataset(file, engine="h5netcdf", phony_dims="access", **STORED)
    content = h5py.File(file, "r")

    def read(name: str, selection: tuple, missing: list) -> tuple[np.ndarray, np.ndarray | None]:
        return _read(dataset, name, selection), _written(content[name], selection)

    return CfFile(dataset, read)


def _read(dataset: xr.Dataset, name: str, selection: tuple) -> np.ndarray:
    variable = dataset.variables[name]
    return variable[selection].to_numpy()


def _written(array: h5py.Dataset, selection: tuple) -> np.ndarray | None:
    """Mask of the values of a selection that were written; None if all were.

    HDF5 returns the fill value, 0 by default, for chunks that were never written.
    """
    if array.chunks is None:
        return None if array.id.get_storage_size() > 0 or array.size == 0 else np.array(False)
    ranges = [
        range(item, item + 1) if isinstance(item, int) else range(n)
        for item, n in zip(selection, array.shape, strict=True)
    ]
    firsts = [
        range(axis.start // chunk * chunk, axis.stop, chunk)
        for axis, chunk in zip(ranges, array.chunks, strict=True)
    ]
    absent = [
        corner
        for corner in product(*firsts)
        if array.id.get_chunk_info_by_coord(corner).byte_offset is None
    ]
    if not absent:
        return None
    written = np.ones([len(axis) for axis in ranges], bool)
    for corner in absent:
        part = (
            slice(max(first - axis.start, 0), first + chunk - axis.start)
            for first, chunk, axis in zip(corner, array.chunks, ranges, strict=True)
        )
        written[tuple(part)] = False
    scalars = tuple(0 if isinstance(item, int) else slice(None) for item in selection)
    return written[scalars]
