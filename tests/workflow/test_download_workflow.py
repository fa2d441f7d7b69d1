"""YAML snippets of the documentation, run by Snakemake with simulated archives or local folders."""

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import pytest
import rioxarray  # noqa: F401  (adds .rio)
import xarray as xr
import yaml

from rainscore.download.hub import REPOSITORY
from rainscore.grids import RADAR_CRS, study_grid
from rainscore.imerg.manifests import read_manifest
from rainscore.imerg.names import granule_name
from rainscore.io import read_table
from rainscore.paths import CHECKOUT
from rainscore.times import steps
from tests.archives import Earthdata, stored_granule
from tests.buckets import Bucket, Hub, frame_bytes, tar_bytes, write_store
from tests.compliance import cf_errors
from tests.odim import MOSAIC, write_mosaic
from tests.servers import Loopback

DAYS = int(os.environ.get("RAINSCORE_WORKFLOW_DAYS", "1"))
LAST = f"2020-06-{DAYS + 1:02d}"

SECRETS = {"EARTHDATA_PASSWORD", "HF_TOKEN"}

pytestmark = pytest.mark.slow


def snippet(page: str, heading: str) -> dict:
    """Return the first configuration below a heading of a page in docs."""
    text = (CHECKOUT / "docs" / page).read_text()
    match = re.search(rf"#+ {re.escape(heading)}\n.*?```yaml\n(.*?)```", text, re.DOTALL)
    assert match, heading
    return yaml.safe_load(match[1])


def snakemake(
    folder: Path, config: dict, environment: dict, *targets: str, succeeds: bool = True
) -> str:
    """Run targets with a configuration that overrides the default; return the output.

    Checks that no secret of the environment is in a command line, in the output or in a file.
    """
    small = {
        "run_folder": str(folder),
        "period": {"months": ["2020-06"], "first_day": 1, "last_day": DAYS},
        "domain": {"centre": [0.2, 45.8], "size_km": 48},
        "scores": {"window_km": 24},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump({**small, **config}))
    command = [sys.executable, "-m", "snakemake", *targets, "--cores", "1"]
    process = subprocess.Popen(
        [*command, "--configfile", str(path)],
        cwd=CHECKOUT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with ThreadPoolExecutor(1) as pool:
        command_lines = pool.submit(process_lists, process)
        output, _ = process.communicate(timeout=500)
    assert (process.returncode == 0) == succeeds, output[-3000:]
    left = [f.read_bytes() for f in folder.rglob("*") if f.is_file() and f.suffix != ".pem"]
    for name in SECRETS & set(environment):
        secret = environment[name].encode()
        assert not any(
            secret in text for text in [output.encode(), *command_lines.result(), *left]
        ), name
    return output


def process_lists(process: subprocess.Popen) -> set[bytes]:
    """Command lines of all processes during the run of a process."""
    lines: set[bytes] = set()
    while process.poll() is None:
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                lines.add(file.read_bytes())
            except OSError:  # the process has ended
                continue
        time.sleep(0.1)
    return lines


def accounts(nasa: Earthdata) -> dict[str, str]:
    """Environment variables of the accounts at Earthdata and the hub."""
    return {**nasa.account, "HF_TOKEN": "hf_t0kenOfAda"}


def test_the_archives_are_planned_downloaded_and_not_downloaded_again(
    tmp_path: Path,
) -> None:
    nasa = Earthdata(steps("2020-06-01", LAST), unlisted={"2020-06-01T04:00"})
    nasa.faults = {"2020-06-01T12:00": ["cut"]}
    times = pd.DatetimeIndex(steps("2020-06-01", LAST, 5)).delete([7])
    rng = np.random.default_rng(5)
    rates = np.repeat(rng.gamma(0.4, 2.0, (times.size, 12, 12)), 4, axis=1).repeat(4, axis=2)
    name = "mlcast-source-datasets/FR-MF-prate/v0.1.0/fr-mf-prate-5min.zarr"
    write_store(tmp_path / "s3" / name, times.to_numpy(), rates, np.array([], "datetime64[ns]"))
    bucket = Bucket(tmp_path / "s3")
    config = {
        **snippet("download.md", "IMERG from NASA's archive"),
        **snippet("download.md", "Radar from the Zarr store"),
    }
    with Loopback(nasa.archives() | bucket.archives(), tmp_path) as server:
        environment = {**server.environment, **accounts(nasa)}
        wrong = {**environment, "EARTHDATA_PASSWORD": "wr0ng-word"}
        refused = snakemake(tmp_path, config, wrong, "plan", succeeds=False)
        assert "does not accept the account; access takes three steps: 1. register" in refused
        plan = snakemake(tmp_path, config, environment, "plan")
        assert f"{48 * DAYS} half-hours, {48 * DAYS - 1} in the catalogue" in plan
        assert f"{288 * DAYS} frames, {288 * DAYS - 1} in the store, 0 on disk" in plan
        assert not nasa.served
        targets = ("results/data/lag.parquet",)
        snakemake(tmp_path, config, environment, *targets)
        again = snakemake(tmp_path, config, environment, *targets)
    imerg = read_manifest(tmp_path / "results/imerg/2020-06.parquet")
    assert imerg["state"].value_counts().to_dict() == {"present": 48 * DAYS - 1, "missing": 1}
    radar = read_manifest(tmp_path / "results/radar/2020-06.parquet")
    assert radar["state"].value_counts().to_dict() == {"present": 288 * DAYS - 1, "missing": 1}
    assert "Nothing to be done" in again


def test_a_year_of_the_hub_gives_the_manifests_of_its_months(tmp_path: Path) -> None:
    frame = frame_bytes(np.zeros((48, 48), np.int16))
    stamps = pd.date_range("2020-05-31 23:00", "2020-06-01 02:00", freq="5min")
    hub = Hub(REPOSITORY, {"2020.tar": tar_bytes({f"{t:%Y%m%d%H%M}.npz": frame for t in stamps})})
    with Loopback(hub.archives(), tmp_path) as server:
        config = snippet("download.md", "Radar from the hub")
        environment = {**server.environment, "HF_TOKEN": "hf_t0kenOfAda"}
        plan = snakemake(tmp_path, config, environment, "plan")
        assert "radar 2020: 2020.tar" in plan
        snakemake(tmp_path, config, environment, "results/radar/2020-06.parquet")
    radar = read_manifest(tmp_path / "results/radar/2020-06.parquet")
    assert radar["state"].value_counts().to_dict() == {"missing": 288 * DAYS - 25, "present": 25}


def test_local_folders_are_read_and_the_radar_is_checked_against_gauges(tmp_path: Path) -> None:
    """The radar measures twice the rain of the gauges, with a different amount in each hour."""
    for name in ("imerg", "radar", "comephore"):
        (tmp_path / "data" / name).mkdir(parents=True)
    for when in steps("2020-06-01", "2020-06-01T06:00"):
        name = granule_name("final", when)
        (tmp_path / "data/imerg" / name).write_bytes(stored_granule(name))
    to_mosaic = pyproj.Transformer.from_crs("EPSG:4326", MOSAIC, always_xy=True).transform
    x, y = (500 * round(v / 500) for v in to_mosaic(0.2, 45.8))
    for when in pd.date_range("2020-06-01", periods=24, freq="15min"):
        values = np.full((240, 240), 50 * (when.hour + 1), np.uint16)  # 6 mm/h a step of the hour
        path = tmp_path / "data/radar" / f"T_IPRN20_C_LFPW_{when:%Y%m%d%H%M%S}.h5"
        write_mosaic(path, "RATE", values, str(when), (x - 60_000, y + 60_000))
    grid = study_grid(centre=(0.2, 45.8), size_km=60, step_km=1)
    for hour in range(6):
        tenths = np.full((1, *grid.shape), 30 * (hour + 1), np.uint16)
        raster = xr.DataArray(tenths, {"y": grid.y, "x": grid.x}, ("band", "y", "x"))
        path = tmp_path / f"data/comephore/20200601{hour + 1:02d}_RR.gtif"
        raster.rio.write_crs(RADAR_CRS).rio.to_raster(path, driver="GTiff")
    imerg, radar = (
        snippet("imerg.md", "From a folder"),
        snippet("radar.md", "From a folder of frames"),
    )
    gauges = snippet("radar.md", "Comparison with gauges")["radar"]["comephore_folder"]
    imerg["imerg"]["granule_folder"] = str(tmp_path / imerg["imerg"]["granule_folder"])
    radar["radar"] |= {
        "frame_folder": str(tmp_path / radar["radar"]["frame_folder"]),
        "max_rate_mm_h": 400,
    }
    radar["radar"]["comephore_folder"] = str(tmp_path / gauges)
    config = {**imerg, **radar, "period": {"months": ["2020-06"], "first_day": 1, "last_day": 1}}
    output = snakemake(tmp_path, config, {}, "results/data/gauges.parquet")
    table = read_table(tmp_path / "results/data/gauges.parquet")
    assert list(table["time"].dt.hour) == list(range(6))
    assert table.attrs["bias"] == pytest.approx(2, rel=1e-3)
    assert table.attrs["correlation"] == pytest.approx(1, abs=1e-3)
    assert "radar compared with COMEPHORE" in output
    with xr.open_dataset(tmp_path / "results/data/gauges.nc", engine="h5netcdf") as maps:
        assert float(maps["gauges"].mean()) == pytest.approx(3 * 21, rel=1e-3)
        assert maps["hours"].to_numpy().min() == 6
    assert cf_errors(tmp_path / "results/data/gauges.nc") == []
    assert read_manifest(tmp_path / "results/imerg/2020-06.parquet")["state"][0] == "present"
