"""Reading of the NetCDF files of the workflow, with the checks of what `io.write_netcdf` wrote."""

from pathlib import Path
from typing import Any

import xarray as xr
from xarray.backends import BackendArray, H5NetCDFStore
from xarray.core.indexing import LazilyIndexedArray

from rainscore.errors import DamagedFile
from rainscore.hdf5seals import REMEDY, check_seal, open_own

OPEN_ERRORS = (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, RuntimeError)
"""Errors of xarray, h5netcdf and h5py on a file of another content."""


def open_netcdf(path: Path | str) -> xr.Dataset:
    """Open a NetCDF file; its arrays are read on request, and their checksums are verified.

    The header is compared with its digest if the file has one (`hdf5seals`).

    Raises:
        DamagedFile: The file cannot be opened or is not as it was written; also raised later, when
            an array is read whose checksum differs.
    """
    with open_own(path) as file:
        check_seal(file, path)
    try:
        store = _Store.open(str(Path(path).absolute()))
        store.path = Path(path)
        return xr.open_dataset(store)
    except OPEN_ERRORS as error:
        reason = f"not a NetCDF file of the workflow ({type(error).__name__}: {error})"
        raise DamagedFile(path, reason, REMEDY) from error


class _Store(H5NetCDFStore):
    """Store whose arrays name the file when they cannot be read."""

    path: Path

    def open_store_variable(self, name: str, var: Any) -> xr.Variable:
        variable = super().open_store_variable(name, var)
        array = _Array(variable._data.array, self.path)
        return xr.Variable(
            variable.dims, LazilyIndexedArray(array), variable.attrs, variable.encoding
        )


class _Array(BackendArray):
    """Array of a file; an error of HDF5 becomes a DamagedFile."""

    def __init__(self, array: Any, path: Path) -> None:
        self.array, self.path = array, path
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, key: Any) -> Any:
        try:
            return self.array[key]
        except (OSError, RuntimeError) as error:
            raise DamagedFile(self.path, f"HDF5 cannot read it ({error})", REMEDY) from error
