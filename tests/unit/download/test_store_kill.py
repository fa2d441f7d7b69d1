"""A month from open stores that is killed and restarted is that of an uninterrupted run."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rainscore.io import read_table
from rainscore.paths import CHECKOUT
from rainscore.writing import remove_partial_files
from tests.stores import write_imerg, write_mrms

KILLS = int(os.environ.get("RAINSCORE_KILLS", "3"))
TIMES = pd.date_range("2021-06-01", "2021-06-03", freq="30min", inclusive="left")
ENDS = pd.date_range("2021-06-01 01:00", "2021-06-03", freq="1h")
SCRIPT = """
import sys, time
from dataclasses import replace
from pathlib import Path
from rainscore.download import openstore
from rainscore.download.storecatalogue import IMERG, StoreSettings
from rainscore.download.storegranules import fetch_granules
from rainscore.download.storeradar import fetch_hours
from rainscore.grids import imerg_cells, window_grid
from rainscore.imerg.manifests import read_manifest, write_manifest
from rainscore.io import write_netcdf
from rainscore.regridding import pairs
from rainscore.regridding.conservative import overlap_weights
from rainscore.regridding.radarreader import RadarSettings, open_radar
from rainscore.times import steps

stores, folder, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
(folder / "regridded").unlink(missing_ok=True)

def slowed(function, log):
    def slow(*arguments, **options):
        time.sleep(seconds)
        with (folder / log).open("a") as file:
            print(*map(str, arguments[1:]), file=file)
        return function(*arguments, **options)
    return slow

openstore.OpenStore.read = slowed(openstore.OpenStore.read, "read")
pairs.read_granule = slowed(pairs.read_granule, "regridded")
period = "2021-06-01", "2021-06-03"
target = window_grid(centre=(-98.5, 31.0), size_km=(80, 80), step_km=4)
imerg = fetch_granules(
    folder / "imerg/2021-06", *period, settings=IMERG.at(str(stores / "late")), run="late",
    cells=imerg_cells(target),
)
write_manifest(imerg, folder / "imerg/2021-06.parquet", run="late")
mrms = StoreSettings(
    str(stores / "mrms"), "", "noaa-mrms-conus-analysis-hourly", "0.3.0", "precipitation_surface"
)
radar = fetch_hours(folder / "radar/2021-06", *period, settings=mrms, target=target)
write_manifest(
    radar, folder / "radar/2021-06.parquet", format="netcdf", step_minutes=60,
    timestamp_convention="format",
)
settings = RadarSettings("netcdf", "format", 60, 300.0, 0.0, 0.8)
pair = pairs.month_pair(
    steps(*period), read_manifest(folder / "imerg/2021-06.parquet", absolute=True),
    open_radar(folder / "radar/2021-06.parquet", settings, target),
    overlap_weights(imerg_cells(target), target),
)
write_netcdf(pair, folder / "pairs.nc")
"""


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    """Folder with a store of IMERG, of which two half-hours are missing, and one of radar."""
    rng, folder = np.random.default_rng(1), tmp_path / "stores"
    rain = np.round(rng.gamma(0.3, 2.0, (len(TIMES), 25, 30)), 2)
    rain[[7, 60]] = np.nan
    write_imerg(folder / "late", TIMES, rain, south=30, west=-100, chunks=(40, 10, 10))
    hours = np.round(rng.gamma(0.3, 2.0, (len(ENDS), 80, 90)), 2)
    write_mrms(
        folder / "mrms", ENDS, hours, south=30.0, west=-99.5, step=0.025, chunks=(30, 50, 50)
    )
    return folder


def command(stores: Path, folder: Path, *, seconds: float) -> list[str]:
    """Command of the month, with an added duration of each chunk and of each regridded map."""
    folder.mkdir(exist_ok=True)
    return [sys.executable, "-c", SCRIPT, str(stores), str(folder), str(seconds)]


def progress(folder: Path) -> int:
    """Number of chunks that were read, of records, and of maps that are regridded."""
    logs = [folder / "read", *folder.glob("*/2021-06/journal.jsonl"), folder / "regridded"]
    return sum(log.read_text().count("\n") for log in logs if log.exists())


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of granules, radar and pairs by name."""
    files = [*folder.glob("*/2021-06/*.HDF5"), *folder.glob("*/2021-06/*.nc"), folder / "pairs.nc"]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def manifest(folder: Path, product: str) -> pd.DataFrame:
    """Manifest of a product without the times of download."""
    return read_table(folder / product / "2021-06.parquet").drop(columns="fetched")


def test_a_month_that_is_killed_again_and_again_is_the_same_in_the_end(
    tmp_path: Path, stores: Path
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(command(stores, whole, seconds=0), cwd=CHECKOUT, check=True, timeout=300)
    rng, slow = random.Random(5), command(stores, killed, seconds=0.02)
    for moment in sorted(rng.sample(range(5, progress(whole) - 10), KILLS)):
        process = subprocess.Popen(slow, cwd=CHECKOUT)
        end = time.monotonic() + 120
        while progress(killed) < moment and time.monotonic() < end and process.poll() is None:
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    remove_partial_files(killed, "**/.*.part")  # as at the start of the workflow
    subprocess.run(command(stores, killed, seconds=0), cwd=CHECKOUT, check=True, timeout=300)
    chunks = (killed / "read").read_text().splitlines()
    twice = len(chunks) - len(set(chunks))
    print(f"{KILLS} kills, {len(set(chunks))} chunks, {twice} read twice (in flight)")
    assert twice <= 4 * KILLS
    assert digests(whole) == digests(killed) and len(digests(whole)) == 94 + 2 + 1
    assert not list(killed.rglob(".*.part")) and not list(killed.rglob("blocks"))
    for product in ("imerg", "radar"):
        pd.testing.assert_frame_equal(
            manifest(whole, product), manifest(killed, product), check_dtype=False
        )
