"""Every kind of file on a full and on a read-only disk: one error that names it, nothing left."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from rainscore.paths import CHECKOUT

WRITE_ALL = """
import json, resource, sys
from pathlib import Path
from types import SimpleNamespace
import h5py, matplotlib.pyplot as plt, numpy as np, pandas as pd, torch, xarray as xr
from rainscore.download.journal import Journal
from rainscore.download.storeblocks import BlockFolder
from rainscore.errors import RainscoreError
from rainscore.grids import study_grid
from rainscore.imerg.writer import write_granule
from rainscore.io import write_json, write_netcdf, write_table, write_text
from rainscore.prediction.mapfiles import write_geotiff, write_zarr
from rainscore.radar.fr_radar import write_frame
from rainscore.report.figures.style import save
from rainscore.training.checkpoint import Checkpoint
from rainscore.training.modelfiles import save_model
from rainscore.writing import hdf5_target, replacing

grid = study_grid(centre=(2.5, 46.6), size_km=800, step_km=4)
rng = np.random.default_rng(0)
rain = rng.random((30, *grid.shape), np.float32)
maps = xr.Dataset({"rain": (("time", "y", "x"), rain)})
scored = xr.Dataset({"score": (("y", "x"), rain[0])}, attrs={"grid": grid.to_json()})
figure, axes = plt.subplots()
axes.imshow(rain[0])
lines, axes = plt.subplots()
axes.plot(rain[0].ravel()[:5000])
weights = {"weight": torch.from_numpy(rain[0])}

def hdf5(path):
    with replacing(path) as part, hdf5_target(part) as target, h5py.File(target, "w") as file:
        for row in range(30):
            file[f"map{row}"] = rain[row]

def store_block(path):
    blocks = SimpleNamespace(folder=path.parent)
    block = SimpleNamespace(name=path.name, role="rain", selection=None)
    BlockFolder._fetch(blocks, SimpleNamespace(read=lambda *_: rain), block)

def granule(path):
    field = xr.DataArray(rain[0, :200, :200], dims=("lat", "lon"))
    dataset = xr.Dataset({"precipitation": field}, {"time": np.datetime64("2019-05-01", "ns"),
        "lat": 0.05 + 0.1 * np.arange(200), "lon": 0.05 + 0.1 * np.arange(200)})
    write_granule(path, dataset, run="final", system="test")

WRITERS = {
    "rain.nc": lambda path: write_netcdf(maps, path),
    "lazy.nc": lambda path: write_netcdf(maps.chunk({"time": 10}), path),
    "features.h5": hdf5,
    "block.h5": store_block,
    "table.parquet": lambda path: write_table(pd.DataFrame({"value": rain.ravel()}), path),
    "map.zarr": lambda path: write_zarr(scored, path),
    "map.tif": lambda path: write_geotiff(scored, path),
    "map.png": lambda path: save(figure, path),
    "lines.svg": lambda path: save(lines, path),
    "report.html": lambda path: write_text("<p>rain</p>" * 100_000, path),
    "values.json": lambda path: write_json(rain[0].astype(float).tolist(), path),
    "unet.safetensors": lambda path: save_model(path.with_suffix(""), weights, {}),
    "unet.ckpt": lambda path: Checkpoint(path).save("", weights),
    "frame.npz": lambda path: write_frame(path, rain[0], grid),
    "journal.jsonl": lambda path: Journal(path).add({"key": "x" * 100_000}),
}

def outcome(write, path, limit):
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        write(path)
        return "written"
    except RainscoreError as error:
        return f"{type(error).__name__} {error}"
    except Exception as error:  # what a writer must never raise is what is looked for
        return f"raw {error!r}"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)

results = {}
for folder, limit in zip(sys.argv[1::2], sys.argv[2::2]):
    results[folder] = {
        name: outcome(write, Path(folder) / name, int(limit)) for name, write in WRITERS.items()
    }
print(json.dumps(results))
"""
KINDS = {
    "rain.nc",
    "lazy.nc",
    "features.h5",
    "block.h5",
    "table.parquet",
    "map.zarr",
    "map.tif",
    "map.png",
    "lines.svg",
    "report.html",
    "values.json",
    "unet.safetensors",
    "unet.ckpt",
    "frame.npz",
    "journal.jsonl",
}


@dataclass(frozen=True)
class Disk:
    """A folder in which files of every kind were written.

    Attributes:
        folder: The folder.
        outcomes: What happened, by file name.
        left: Files that are left.
    """

    folder: Path
    outcomes: dict[str, str]
    left: set[str]


@pytest.fixture(scope="module")
def disks(tmp_path_factory) -> dict[str, Disk]:
    """Folders that cannot hold large files; those on disks of their own only for root."""
    folder = tmp_path_factory.mktemp("disks")
    (folder / "limited").mkdir()
    limits = {"limited": "3000"}
    with ExitStack() as mounted:
        for name, options in {"full": "size=16k", "read-only": "ro"}.items():
            if mount(folder / name, options):
                mounted.callback(subprocess.run, ["umount", "--lazy", str(folder / name)])
                limits[name] = "0"
        pairs = [text for name, limit in limits.items() for text in (str(folder / name), limit)]
        result = subprocess.run(
            [sys.executable, "-c", WRITE_ALL, *pairs],
            capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        )  # fmt: skip
        assert result.returncode == 0, result.stderr[-2000:]
        assert result.stderr == ""
        outcomes = json.loads(result.stdout)
        return {
            name: Disk(
                folder / name,
                outcomes[str(folder / name)],
                {path.name for path in (folder / name).iterdir()},
            )
            for name in limits
        }


def mount(folder: Path, options: str) -> bool:
    """Mount a file system in memory; return whether this user may."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "rainscore-test", str(folder)]
    return os.getuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.parametrize("kind", ["limited", "full"])
def test_a_full_disk_is_one_error_for_every_kind_of_file_and_leaves_none(
    kind: str, disks: dict[str, Disk]
) -> None:
    if kind not in disks:
        pytest.skip("mounting a file system needs root")
    disk = disks[kind]
    assert set(disk.outcomes) == KINDS
    for name, outcome in disk.outcomes.items():
        assert outcome.startswith(f"CannotWrite {disk.folder / name}: the disk is full"), outcome
    assert disk.left <= {"journal.jsonl"}


def test_a_read_only_disk_is_one_error_for_every_kind_of_file(disks: dict[str, Disk]) -> None:
    if "read-only" not in disks:
        pytest.skip("mounting a file system needs root")
    disk = disks["read-only"]
    assert set(disk.outcomes) == KINDS
    for name, outcome in disk.outcomes.items():
        start = f"CannotWrite {disk.folder / name}: the folder cannot be written to (Read-only file"
        assert outcome.startswith(start), outcome
