"""Simulated rain, radar frames and IMERG granules of a month, written to files.

Radar and IMERG have the formats of the archives; the true rain is kept on IMERG's cells.
"""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.grids import Grid
from rainscore.imerg.names import granule_name
from rainscore.imerg.writer import write_granule
from rainscore.netcdffiles import open_netcdf
from rainscore.radar.fr_radar import frame_name, write_frame
from rainscore.regridding.conservative import Weights
from rainscore.regridding.radarreader import Truth
from rainscore.runtime import progress_bar
from rainscore.simulation.errorsources import ERRORS
from rainscore.simulation.product import simulate_imerg
from rainscore.simulation.radarerrors import RadarNetwork
from rainscore.simulation.rain import simulate_rain
from rainscore.simulation.worlds import World
from rainscore.times import HALF_HOUR, hours_since_1970


def simulate_radar_month(
    folder: Path,
    to_cells: Weights,
    start: str,
    end: str,
    *,
    seed: int,
    step_minutes: int,
    world: World,
) -> tuple[pd.DataFrame, xr.Dataset]:
    """Simulate rain, and write the frames of the radar that measures it to a folder.

    Args:
        folder: Folder to write to.
        to_cells: Regridding weights from the square grid of the frames to IMERG's cells.
        start, end: Period [start, end), UTC.
        seed: Random seed of the rain.
        step_minutes: Time between frames [min].
        world: Parameters of the rain and of the errors of the radar.

    Returns:
        Manifest of the frames (docs/contracts.md), with file names relative to the parent of
        `folder`; true rain on the cells: `rain` [mm/h], dims (time, lat, lon), NaN where less than
        half of a cell lies on the grid.
    """
    first, last = np.datetime64(start), np.datetime64(end)
    grid = to_cells.source
    folder.mkdir(parents=True, exist_ok=True)
    network = RadarNetwork.on(grid, seed=seed, world=world)
    rows, times, truth = [], [], []
    total = int((last - first) / np.timedelta64(step_minutes, "m"))
    frames = simulate_rain(grid, first, last, seed=seed, step_minutes=step_minutes, world=world)
    for time, rate in progress_bar(frames, total=total, desc=f"radar {folder.name}"):
        path = folder / frame_name(time)
        write_frame(path, network.observe(rate, hours_since_1970(time)), grid)
        rows.append(_row(time, path, "fr-radar-rainfall"))
        times.append(time)
        truth.append(to_cells.apply(rate[None], min_valid=0.5)[0][0].astype(np.float32))
    return pd.DataFrame(rows), _rain_dataset(np.array(times), np.stack(truth), to_cells.target)


def _rain_dataset(times: np.ndarray, rain: np.ndarray, cells: Grid) -> xr.Dataset:
    """Dataset of the true rain on IMERG's cells."""
    coords = {
        "time": ("time", times.astype("datetime64[ns]"), {"long_name": "start of the frame"}),
        "lat": ("lat", cells.y, {"units": "degrees_north", "standard_name": "latitude"}),
        "lon": ("lon", cells.x, {"units": "degrees_east", "standard_name": "longitude"}),
    }
    attrs = {"units": "mm h-1", "long_name": "true rain rate"}
    variables = {"rain": (("time", "lat", "lon"), rain, attrs)}
    title = {"title": "True rain of the simulated world", "Conventions": "CF-1.11"}
    return xr.Dataset(variables, coords, {**title, "cells": cells.to_json()})


def open_truth(path: Path | str) -> Truth:
    """True rain of a month that `simulate_radar` wrote, read on request.

    Args:
        path: File with `rain` [mm/h], dims (time, lat, lon).

    Returns:
        Function of the start and end of a period [start, end), which returns the starts of the
        frames, dims (time,), and their rates, dims (time, lat, lon) [mm/h], NaN where missing.
    """
    rain = open_netcdf(path)["rain"]
    times = rain["time"].values

    def truth(start: np.datetime64, end: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
        part = slice(*np.searchsorted(times, [start, end]))
        return times[part], rain[part].values

    return truth


def simulate_imerg_month(
    folder: Path,
    truth: Truth,
    cells: Grid,
    start: str,
    end: str,
    *,
    seed: int,
    run: str,
    errors: str,
    world: World,
) -> pd.DataFrame:
    """Simulate IMERG granules that observe a rain and write them to a folder.

    Args:
        folder: Folder to write to.
        truth: Rain that the satellites observe: that of the simulated world, or a real radar.
        cells: IMERG's cells, row 0 south.
        start, end: Period [start, end), UTC.
        seed: Random seed of the errors.
        run: "early", "late" or "final".
        errors: Name of the sources of error, a key of `rainscore.simulation.errorsources.ERRORS`.
        world: Parameters of the satellites.

    Returns:
        Manifest of the granules (docs/contracts.md), with file names relative to the parent of
        `folder`.
    """
    first, last = np.datetime64(start), np.datetime64(end)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    total = int((last - first) / HALF_HOUR)
    maps = simulate_imerg(
        truth, cells, first, last, seed=seed, run=run, errors=ERRORS[errors], world=world
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
