"""Simulated radar frames and IMERG granules of a month, written in the formats of the archives."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.grids import Grid
from rainscore.imerg.names import granule_name
from rainscore.imerg.writer import write_granule
from rainscore.radar.fr_radar import frame_name, write_frame
from rainscore.regridding.radarreader import RadarReader, radar_truth
from rainscore.runtime import progress_bar
from rainscore.simulation.errorsources import ERRORS
from rainscore.simulation.product import simulate_imerg
from rainscore.simulation.rain import simulate_rain
from rainscore.times import HALF_HOUR


def simulate_radar_month(
    folder: Path, grid: Grid, start: str, end: str, *, seed: int, step_minutes: int
) -> pd.DataFrame:
    """Simulate radar frames and write them to a folder.

    Args:
        folder: Folder to write to.
        grid: Square grid of the frames.
        start, end: Period [start, end), UTC.
        seed: Random seed of the rain.
        step_minutes: Time between frames [min].

    Returns:
        Manifest of the frames (docs/contracts.md), with file names relative to the parent of
        `folder`.
    """
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
    """Simulate IMERG granules that observe a radar and write them to a folder.

    Args:
        folder: Folder to write to.
        radar: Reader of the radar frames, simulated or real, which serve as the truth.
        cells: IMERG's cells, row 0 south.
        start, end: Period [start, end), UTC.
        seed: Random seed of the errors.
        run: "early", "late" or "final".
        errors: Name of the sources of error, a key of `rainscore.simulation.errorsources.ERRORS`.

    Returns:
        Manifest of the granules (docs/contracts.md), with file names relative to the parent of
        `folder`.
    """
    first, last = np.datetime64(start), np.datetime64(end)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    total = int((last - first) / HALF_HOUR)
    maps = simulate_imerg(
        radar_truth(radar), cells, first, last, seed=seed, run=run, errors=ERRORS[errors]
    )
    for granule in progress_bar(maps, total=total, desc=f"IMERG {folder.name}"):
        time = granule["time"].values
        path = folder / granule_name(run, time, "V07B")
        write_granule(path, granule, run=run)
        rows.append(_row(time, path, "V07B"))
    return pd.DataFrame(rows)


def _row(time: np.datetime64, path: Path, version: str) -> dict:
    """Row of the manifest for a file that was just written."""
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
