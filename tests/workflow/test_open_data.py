"""The complete workflow from local Icechunk stores, whose rain is that of a real radar case."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from benchmarks.radarsequences import Sequence
from rainscore.imerg.manifests import read_manifest
from rainscore.io import read_table
from rainscore.paths import CHECKOUT
from tests.data import shared
from tests.stores import write_imerg, write_mrms
from tests.workflow.checkout import TINY

SOUTH, WEST = 35.0, -101.0
ROWS, COLUMNS = 60, 80  # cells of IMERG
STEP = 0.02  # pixels of the radar [degrees]; the real ones have 0.01
HALF_HOURS = pd.date_range("2021-05-31 22:00", "2021-06-03 02:00", freq="30min")

pytestmark = pytest.mark.slow


def rain_fields() -> tuple[np.ndarray, np.ndarray]:
    """Half-hourly rain of a radar case that passes over the domain, and IMERG's view of it.

    Returns:
        Rain on the radar's pixels and on IMERG's cells, dims (time, lat, lon), row 0 south [mm/h].
    """
    case = Sequence.read(shared("radar-sequences/mrms_20190610.nc")).half_hours()[1]
    case = np.nan_to_num(case[:, ::-1])
    ny, nx = round(ROWS * 0.1 / STEP), round(COLUMNS * 0.1 / STEP)
    rows = np.linspace(0, case.shape[1] - 1, ny).astype(int)
    columns = np.linspace(0, case.shape[2] - 1, nx).astype(int)
    case = case[:, rows][:, :, columns]
    radar = np.stack(
        [np.roll(case[i % len(case)], (3 * i, 11 * i), (0, 1)) for i in range(HALF_HOURS.size)]
    )
    size = round(0.1 / STEP)
    cells = radar.reshape(len(radar), ROWS, size, COLUMNS, size).mean(axis=(2, 4))
    rng = np.random.default_rng(4)
    factor = rng.lognormal(0, 0.4, (len(radar), 1, 1))
    shift = rng.integers(-2, 3, (len(radar), 2))
    seen = [np.roll(cell, tuple(by), (0, 1)) for cell, by in zip(cells, shift, strict=True)]
    return radar, np.minimum(np.stack(seen) * factor, 100)


def write_stores(folder: Path) -> None:
    """Write the stores `late` and `mrms`."""
    radar, imerg = rain_fields()
    imerg[pd.Timestamp("2021-06-01 05:00") == HALF_HOURS] = np.nan
    write_imerg(folder / "late", HALF_HOURS, imerg, south=SOUTH, west=WEST, chunks=(90, 20, 20))
    hours = (radar[0:-1:2] + radar[1::2]) / 2
    ends = HALF_HOURS[0:-1:2] + pd.Timedelta(hours=1)
    write_mrms(
        folder / "mrms", ends, hours, south=SOUTH, west=WEST, step=STEP, chunks=(40, 100, 100)
    )


def configuration(folder: Path) -> dict:
    """The tiny configuration with both stores, and no simulation."""
    config = yaml.safe_load(TINY.read_text())
    return config | {
        "run_folder": str(folder),
        "period": {"months": ["2021-06"], "first_day": 1, "last_day": 2},
        "domain": {
            "name": "Kansas", "centre": [-97.0, 38.0], "size_km": 512, "step_km": 8,
            "learning_step_km": 16,
        },
        "imerg": {
            "source": "icechunk", "run": "late", "icechunk": {"address": str(folder / "late")}
        },
        "radar": {
            "source": "icechunk", "format": "netcdf", "step_minutes": 60,
            "icechunk": {"address": str(folder / "mrms")},
        },
    }  # fmt: skip


def snakemake(folder: Path, *arguments: str) -> str:
    """Run Snakemake; return its output."""
    (folder / "config.yaml").write_text(yaml.safe_dump(configuration(folder)))
    run = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", *arguments,
         "--configfile", str(folder / "config.yaml")],
        cwd=CHECKOUT, capture_output=True, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    output = run.stdout + run.stderr
    assert run.returncode == 0, output[-6000:]
    return output


def test_the_whole_workflow_runs_from_stores(tmp_path: Path) -> None:
    write_stores(tmp_path)
    plan = snakemake(tmp_path, "plan")
    assert "IMERG from nasa-imerg-analysis-late 0.1.0, snapshot" in plan
    assert "96 maps, 96 in the store, 0 on disk" in plan
    assert "radar from noaa-mrms-conus-analysis-hourly 0.3.0" in plan
    snakemake(tmp_path)
    imerg = read_manifest(tmp_path / "results/imerg/2021-06.parquet")
    assert imerg["state"].value_counts().to_dict() == {"present": 95, "missing": 1}
    radar = read_manifest(tmp_path / "results/radar/2021-06.parquet")
    assert radar["state"].value_counts().to_dict() == {"present": 48}
    skill = read_table(tmp_path / "results/evaluation/skill.parquet")
    assert "U-Net" in set(skill["method"])
    (scored,) = (tmp_path / "results/scored").glob("*.nc")
    with xr.open_dataset(scored, engine="h5netcdf") as maps:
        assert np.isfinite(maps["score"]).any()
    assert (tmp_path / "results/report.html").stat().st_size > 10_000
    assert "Nothing to be done" in snakemake(tmp_path)
