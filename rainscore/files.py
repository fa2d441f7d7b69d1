"""Text, JSON, tables and NetCDF, written whole or not at all."""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr

from rainscore.atomic import replacing, write_bytes


def write_text(text: str, path: str | Path) -> None:
    """Write text, UTF-8."""
    write_bytes(path, text.encode())


def write_json(value: dict | list, path: str | Path) -> None:
    """Write plain values as JSON that a person can read."""
    with replacing(path) as temporary:
        temporary.write_text(
            json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
        )


def read_json(path: str | Path) -> dict:
    """Read a JSON file."""
    return json.loads(Path(path).read_text())


def write_table(table: pd.DataFrame, path: str | Path, **metadata: str | int | float) -> None:
    """Write a table as Parquet; `metadata` comes back in `read_table(path).attrs`."""
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    merged = {**(arrow.schema.metadata or {}), b"rainscore": json.dumps(metadata).encode()}
    with replacing(path) as temporary:
        pq.write_table(arrow.replace_schema_metadata(merged), temporary)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a Parquet table; its metadata lie in `attrs`."""
    arrow = pq.read_table(path)
    table = arrow.to_pandas()
    table.attrs = json.loads((arrow.schema.metadata or {}).get(b"rainscore", b"{}"))
    return table


def write_netcdf(dataset: xr.Dataset, path: str | Path) -> None:
    """Write a dataset as compressed NetCDF-4, chunk by chunk where it is lazy."""
    encoding = {
        name: {"zlib": True, "complevel": 1, "shuffle": True, **_chunks(variable)}
        for name, variable in dataset.variables.items()
        if variable.ndim >= 2
    }
    for name in dataset.coords:
        if dataset[name].dtype.kind == "f":  # a coordinate is never missing
            encoding.setdefault(name, {})["_FillValue"] = None
    with replacing(path) as temporary:
        dataset.to_netcdf(temporary, engine="h5netcdf", encoding=encoding)


def _chunks(variable: xr.Variable) -> dict:
    """One map a chunk, so that a single half-hour is cheap to read."""
    lead = variable.ndim - 2
    return {"chunksizes": (1,) * lead + tuple(variable.shape[lead:])}
