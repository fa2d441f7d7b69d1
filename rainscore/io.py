"""Reading and writing files: written whole or not at all, refused clearly when damaged."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr

from rainscore.errors import DamagedFile

MAPS_PER_CHUNK = 48
"""Half-hours of a month's file that are held in memory at a time."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; on success it takes the name, on failure it goes."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write bytes."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


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


SIGNATURE = b"\x89HDF\r\n\x1a\n"


def text(value: object) -> str:
    """Return an HDF5 string attribute (fixed or variable length, bytes or str, maybe an array)."""
    if isinstance(value, np.ndarray):
        value = value.flat[0]
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


@contextmanager
def open_hdf5(path: Path | str) -> Iterator[h5py.File]:
    """Open a file for reading; whatever HDF5 cannot read inside the block is a damaged file.

    Raises:
        FileNotFoundError: There is no such file.
        DamagedFile: It is empty, truncated, not HDF5, or its content does not decode.
    """
    path = Path(path)
    with path.open("rb") as raw:
        start = raw.read(512)
    if not start.startswith(SIGNATURE):
        raise DamagedFile(path, *_not_hdf5(start))
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise DamagedFile(path, f"HDF5 cannot read it ({error})", "fetch it again") from error


def _not_hdf5(start: bytes) -> tuple[str, str]:
    """Reason and remedy for a file that does not begin as HDF5 does."""
    if not start:
        return "the file is empty", "fetch it again"
    if start.lstrip().lower().startswith((b"<!doctype html", b"<html", b"<?xml")):
        return (
            "it is a web page, not HDF5",
            "the server answered with a login or error page: approve the application "
            "'NASA GESDISC DATA ARCHIVE' in your Earthdata profile and fetch the file again",
        )
    return "it is not an HDF5 file", "fetch it again"


def read_months(paths: list[str]) -> pd.DataFrame:
    """Tables of several months below each other, in order of time."""
    return pd.concat([read_table(path) for path in sorted(paths)], ignore_index=True)
