"""A month of the simulated world, written as the real archives would hold it."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.grids import Grid
from rainscore.imerg.writer import granule_name, write_granule
from rainscore.radar.fr_radar import frame_name, write_frame
from rainscore.regridding.radarreader import RadarReader, radar_truth
from rainscore.runtime import progress_bar
from rainscore.simulation.errorsources import ERRORS
from rainscore.simulation.rain import simulate_rain
from rainscore.simulation.satellites import simulate_imerg


def simulate_radar_month(
    folder: Path, grid: Grid, start: str, end: str, *, seed: int, step_minutes: int
) -> pd.DataFrame:
    """Write the simulated radar frames of [start, end) into `folder`; return their manifest."""
    first, last = np.datetime64(start), np.datetime64(end)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    total = int((last - first) / np.timedelta64(step_minutes, "m"))
    frames = simulate_rain(grid, first, last, seed=seed, step_minutes=step_minutes)
    for time, rate in progress_bar(frames, total=total, desc=f"radar {folder.name}"):
        path = folder / frame_name(time)
        write_frame(path, rate, grid)
        rows.append(_row(time, path, "fr-radar-rainfall"))
    return pd.DataFrame(rows)


def simulate_imerg_month(
    folder: Path,
    radar: RadarReader,
    cells: Grid,
    start: str,
    end: str,
    *,
    seed: int,
    run: str,
    errors: str,
) -> pd.DataFrame:
    """Write the simulated granules of [start, end) into `folder`; return their manifest.

    The radar is the only truth that the satellites see, be it simulated or real; `errors` names
    the errors that they commit (`rainscore.world.errors.ERRORS`).
    """
    first, last = np.datetime64(start), np.datetime64(end)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    total = int((last - first) / np.timedelta64(30, "m"))
    maps = simulate_imerg(
        radar_truth(radar, cells), cells, first, last, seed=seed, run=run, errors=ERRORS[errors]
    )
    for granule in progress_bar(maps, total=total, desc=f"IMERG {folder.name}"):
        time = granule["time"].values
        path = folder / granule_name(run, time, "V07B")
        write_granule(path, granule, run=run)
        rows.append(_row(time, path, "V07B"))
    return pd.DataFrame(rows)


def _row(time: np.datetime64, path: Path, version: str) -> dict:
    content = path.read_bytes()
    return {
        "time": time.astype("datetime64[ns]"),
        "state": "present",
        "file": f"{path.parent.name}/{path.name}",
        "index": 0,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "version": version,
        "detail": "",
    }
