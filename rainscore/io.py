"""Reading and writing files. A file is written completely or not at all."""

import json
from hashlib import sha256
from pathlib import Path

import h5netcdf
import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr

from rainscore.errors import DamagedFile
from rainscore.hdf5seals import REMEDY, seal
from rainscore.writing import hdf5_target, replacing

MAPS_PER_CHUNK = 48
"""Number of half-hours of a monthly file that are held in memory at a time."""


_COMPRESSION = {"zlib": True, "complevel": 1, "shuffle": True, "fletcher32": True}
_HDF5_COMPRESSION = {
    "compression": "gzip",
    "compression_opts": 1,
    "shuffle": True,
    "fletcher32": True,
}
_SEAL = b"header_sha256"


def write_bytes(content: bytes | memoryview, path: str | Path) -> None:
    """Write bytes to a file."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(text: str, path: str | Path) -> None:
    """Write text to a file, encoded as UTF-8."""
    write_bytes(text.encode(), path)


def write_json(value: dict | list, path: str | Path) -> None:
    """Write plain values as indented JSON.

    Raises:
        ValueError: A number is NaN or infinite.
    """
    with replacing(path) as temporary:
        described = json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
        temporary.write_bytes(described.encode())


def read_json(path: str | Path) -> dict:
    """Read a JSON file.

    Raises:
        DamagedFile: The file is empty, truncated or not JSON.
    """
    try:
        return json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        raise DamagedFile(path, f"it is not JSON ({error})", REMEDY) from error


def write_table(table: pd.DataFrame, path: str | Path, **metadata: str | int | float) -> None:
    """Write a table as Parquet, without its index.

    Args:
        table: Table to write.
        path: Path of the file.
        metadata: Values that `read_table` returns in `attrs`.
    """
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    merged = {**(arrow.schema.metadata or {}), b"rainscore": json.dumps(metadata).encode()}
    arrow = arrow.replace_schema_metadata(merged)
    arrow = arrow.replace_schema_metadata({**merged, _SEAL: _table_digest(arrow)})
    with replacing(path) as temporary:
        pq.write_table(arrow, temporary, write_page_checksum=True)


def _table_digest(table: pa.Table) -> bytes:
    """SHA-256 of names, types and metadata of a table: Parquet has checksums of values only."""
    # Parquet returns the large strings of a categorical column as strings.
    fields = [(f.name, str(f.type).replace("large_string", "string")) for f in table.schema]
    metadata = {k: v for k, v in (table.schema.metadata or {}).items() if k != _SEAL}
    described = repr((table.num_rows, fields, sorted(metadata.items())))
    return sha256(described.encode(errors="surrogateescape")).hexdigest().encode()


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a Parquet table; `attrs` holds the metadata given to `write_table`.

    Raises:
        DamagedFile: The file is absent, truncated or not Parquet, or a checksum differs.
    """
    if not Path(path).is_file():
        raise DamagedFile(path, "there is no such file", "run the workflow again, or restore it")
    try:
        # As a file object: pyarrow reads the files of a folder, or those of an address.
        with Path(path).open("rb") as file:
            arrow = pq.read_table(file, page_checksum_verification=True)
        stated = (arrow.schema.metadata or {}).get(_SEAL)
        if stated not in (None, _table_digest(arrow)):
            raise ValueError(f"its header does not match its {_SEAL.decode()}")
        table = arrow.to_pandas()
        table.attrs = json.loads((arrow.schema.metadata or {}).get(b"rainscore", b"{}"))
    except (OSError, ValueError, TypeError, KeyError, pa.ArrowException) as error:
        raise DamagedFile(path, f"it is not a readable Parquet table ({error})", REMEDY) from error
    return table


def write_netcdf(dataset: xr.Dataset, path: str | Path) -> None:
    """Write a dataset as compressed NetCDF-4 with a checksum of each chunk and of the header.

    Each chunk of a file holds one map (the last two dims). Lazy arrays are computed and written
    chunk by chunk, in order, so that the same data give the same bytes.
    """
    encoding = {
        name: {**_COMPRESSION, **_chunks(variable)}
        for name, variable in dataset.variables.items()
        if variable.ndim >= 2
    }
    for name in dataset.coords:
        if dataset[name].dtype.kind == "f":  # CF: coordinates have no missing values
            encoding.setdefault(name, {})["_FillValue"] = None
    lazy = [str(name) for name, variable in dataset.data_vars.items() if variable.chunks]
    with replacing(path) as temporary, hdf5_target(temporary) as file:
        _printable(dataset.drop_vars(lazy)).to_netcdf(
            file,
            engine="h5netcdf",
            encoding={name: leaves for name, leaves in encoding.items() if name not in lazy},
        )
        if lazy and file.failure is None:
            with h5netcdf.File(file, "r+") as opened:
                _write_lazy(dataset[lazy], opened)
        if file.failure is None:
            with h5py.File(file, "r+") as written:
                seal(written)


def _write_lazy(dataset: xr.Dataset, file: h5netcdf.File) -> None:
    """Add lazy arrays of numbers, chunked along their first dim, to a file that has their dims.

    xarray would leave the order of the blocks to dask, which orders them by random names.
    """
    import dask

    arrays = {str(name): dataset.variables[name] for name in dataset.data_vars}
    for dim, size in dataset.sizes.items():
        if dim not in file.dimensions:
            file.dimensions[str(dim)] = size
    for name, variable in arrays.items():
        options = {}
        if variable.ndim >= 2:
            options = {"chunks": _chunks(variable)["chunksizes"], **_HDF5_COMPRESSION}
        fill = np.nan if variable.dtype.kind == "f" else None
        created = file.create_variable(
            name, variable.dims, variable.dtype, fillvalue=fill, **options
        )
        created.attrs.update(variable.attrs)
    blocks = [variable.data.blocks for variable in arrays.values()]
    (dim,) = {variable.dims[0] for variable in arrays.values()}
    start = 0
    for i, size in enumerate(dataset.chunks[dim]):
        values = dask.compute(*(part[i] for part in blocks), scheduler="synchronous")
        for name, block in zip(arrays, values, strict=True):
            file[name][start : start + size] = block
        start += size


def _printable(dataset: xr.Dataset) -> xr.Dataset:
    """Dataset whose attributes are valid text: a file name may hold bytes that are not UTF-8."""
    attrs = {
        key: value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value
        for key, value in dataset.attrs.items()
    }
    return dataset.assign_attrs(attrs)


def _chunks(variable: xr.Variable) -> dict:
    """Encoding with one map per chunk, so that a single half-hour is cheap to read."""
    leading = variable.ndim - 2
    return {"chunksizes": (1,) * leading + tuple(variable.shape[leading:])}


def read_months(paths: list[str]) -> pd.DataFrame:
    """Read the tables of several months and concatenate them in the order of their paths.

    The paths differ in the month only, so that this is the order of time.
    """
    return pd.concat([read_table(path) for path in sorted(paths)], ignore_index=True)
