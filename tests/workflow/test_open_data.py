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

from rainscore.imerg.manifests import read_manifest
from rainscore.io import read_table
from rainscore.paths import CHECKOUT
from tests.workflow.openstores import configuration, write_stores

HALF_HOURS = pd.date_range("2021-05-31 22:00", "2021-06-03 02:00", freq="30min")

pytestmark = pytest.mark.slow


def snakemake(folder: Path, *arguments: str) -> str:
    """Run Snakemake; return its output."""
    (folder / "config.yaml").write_text(yaml.safe_dump(configuration(folder, folder)))
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
    write_stores(tmp_path, HALF_HOURS, "2021-06-01 05:00")
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
