"""Files that the workflow writes and reads again: NetCDF, training files, tables."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr

from rainscore.grids import Grid, study_grid
from rainscore.imerg.manifests import COLUMNS, read_manifest, write_manifest
from rainscore.io import write_netcdf
from rainscore.netcdffiles import open_netcdf
from rainscore.times import steps
from rainscore.training.channels import CHANNELS
from rainscore.training.dataset import ScoreMaps
from rainscore.training.features import learning_grid, read_features
from rainscore.training.rowchecks import write_checksums
from tests.faults.bytechanges import byte_changes, file_changes
from tests.faults.hdf5changes import hdf5_changes
from tests.faults.outcomes import Change, Result, Subject

TIMES = steps("2019-05-01T00", "2019-05-01T03")
GRID = study_grid(centre=(2.5, 46.6), size_km=80, step_km=8)


def write_pair(folder: Path) -> Path:
    """Write rain of IMERG and the radar of six half-hours, as in a pair file."""
    file = folder / "2019-05.nc"
    maps = np.random.default_rng(1).random((2, TIMES.size, *GRID.shape), np.float32)
    maps[:, 0, 0, 0] = np.nan
    dataset = xr.Dataset(
        {
            "imerg": (("time", "y", "x"), maps[0], {"units": "mm h-1"}),
            "radar": (("time", "y", "x"), maps[1], {"units": "mm h-1"}),
            "imerg_state": ("time", np.zeros(TIMES.size, np.int8)),
        },
        {"time": TIMES, "y": GRID.y, "x": GRID.x},
        {"grid": GRID.to_json()},
    )
    write_netcdf(dataset, file)
    return file


def read_pair(file: Path) -> Result:
    """Rain, state, times and grid of a pair file."""
    with open_netcdf(file) as pair:
        grid = Grid.from_json(pair.attrs["grid"])
        return {
            **{name: pair[name].to_numpy() for name in ("imerg", "radar", "imerg_state")},
            "time": " ".join(map(str, pair["time"].values)),
            "grid": str(grid),
        }


def write_features(folder: Path) -> Path:
    """Write a training file of six half-hours."""
    file, rng = folder / "2019-05.h5", np.random.default_rng(2)
    with h5py.File(file, "w") as out:
        shape = TIMES.size, *GRID.shape
        out["inputs"] = rng.random((shape[0], len(CHANNELS), *GRID.shape)).astype("f2")
        for name in ("target", "random_error"):
            out[name] = rng.random(shape).astype("f2")
        for name in ("wet", "truth"):
            out[name] = rng.random(shape) > 0.5
        out["time"] = TIMES.astype("datetime64[s]").astype(np.int64)
        out.attrs.update(channels=list(CHANNELS), grid=GRID.to_json(), score="{}")
        write_checksums(out)
    return file


def read_training(file: Path) -> Result:
    """Batch of all maps, wet shares, times and grid of a training file."""
    data = ScoreMaps([file], TIMES)
    batch = data.read(np.arange(len(data)))
    names = ("inputs", "target", "wet", "truth")
    result = {name: part.numpy() for name, part in zip(names, batch, strict=True)}
    blocks = list(read_features([file], TIMES, ["random_error"]))
    result["random_error"] = np.concatenate([block["random_error"] for _, block in blocks])
    described = {"time": " ".join(map(str, data.times)), "grid": str(learning_grid(file))}
    return {**result, **described}


def write_table_file(folder: Path) -> Path:
    """Write a manifest."""
    times = pd.date_range("2019-05-01", periods=48, freq="30min", unit="ns")
    rows = [(t, "present", f"/{i}.h5", i, i, "0" * 64, "V07B", "") for i, t in enumerate(times)]
    file = folder / "2019-05.parquet"
    table = pd.DataFrame(rows, columns=COLUMNS).astype({"time": "datetime64[ns]"})
    write_manifest(table, file, run="final")
    return file


def read_table_file(file: Path) -> Result:
    """Columns and metadata of a manifest."""
    table = read_manifest(file)
    others = [name for name in COLUMNS if name not in ("index", "size")]
    texts = {name: " ".join(map(str, table[name])) for name in others}
    numbers = {name: table[name].to_numpy(float) for name in ("index", "size")}
    return {**numbers, **texts, "metadata": str(table.attrs)}


def _hdf5(rain: tuple[str, ...], file: Path) -> list[Change]:
    changes = hdf5_changes(file, rain=rain, plausible=lambda field, kind: False)
    return [*changes, *file_changes(), *byte_changes(checksum=True, flips=60)]


def table_changes(file: Path) -> list[Change]:
    """Changes of a table."""
    table = pq.read_table(file)
    edits: dict[str, Callable[[pa.Table], pa.Table]] = {"no rows": lambda t: t.slice(0, 0)}
    edits["fewer rows"] = lambda t: t.slice(0, 3)
    for number, name in enumerate(table.column_names):
        for kind, edit in {"deleted": _without, "renamed": _renamed, "text": _text}.items():
            edits[f"{name} {kind}"] = partial(edit, number=number)
    # Another text in a column of texts is another table, with checksums of its own.
    texts = {f"{name} text" for name in ("file", "sha256", "version", "detail", "state")}
    changes = [
        Change("table", kind, partial(_edit, edit))
        for kind, edit in edits.items()
        if kind not in texts
    ]
    return [*changes, *file_changes(), *byte_changes(checksum=True, flips=120)]


def _edit(edit: Callable[[pa.Table], pa.Table], path: Path) -> None:
    table = pq.read_table(path)
    edited = edit(table).replace_schema_metadata(table.schema.metadata)
    pq.write_table(edited, path)


def _without(table: pa.Table, number: int) -> pa.Table:
    return table.remove_column(number)


def _renamed(table: pa.Table, number: int) -> pa.Table:
    names = list(table.column_names)
    names[number] = "other"
    return table.rename_columns(names)


def _text(table: pa.Table, number: int) -> pa.Table:
    return table.set_column(number, table.column_names[number], pa.array(["x"] * len(table)))


SUBJECTS = {
    # HDF5 writes a new checksum with a value of a pair file; a changed byte has the old one.
    "pairs": Subject("pairs", write_pair, read_pair, partial(_hdf5, ())),
    "features": Subject("features", write_features, read_training, partial(_hdf5, ("/inputs",))),
    "Parquet": Subject("Parquet", write_table_file, read_table_file, table_changes),
}
