"""Cases on which no method has learnt: unseen simulated worlds, and real rain.

A case is a short period of rain that simulated satellites of an unseen world observe. The rain is
simulated in that world, or measured by a real radar. It becomes a training file, so that all
methods predict it as they predict the held-out days.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import xarray as xr

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.grids import Grid, imerg_cells, window_grid
from rainscore.imerg.reader import FIELDS
from rainscore.radar.halfhours import half_hour_mean
from rainscore.radar.netcdf import CfRadar
from rainscore.regridding.conservative import overlap_weights
from rainscore.scores.scoremaps import ScoreSettings, score_month
from rainscore.simulation.product import simulate_imerg
from rainscore.simulation.radarerrors import RadarNetwork
from rainscore.simulation.rain import simulate_rain
from rainscore.simulation.rainsequence import sequence_truth
from rainscore.simulation.worlds import World
from rainscore.times import HALF_HOUR, hours_since_1970, steps
from rainscore.training.features import write_features

MARGIN = np.timedelta64(9, "h")
"""Rain before and after a case that the satellites observe."""

YEAR = 2019
"""Year whose satellites observe the real rain: those of today did not exist in earlier years."""

_MIN_SIZE_KM, _MAX_SIZE_KM = 160, 800
"""Limits of the side of the study grid of a real sequence [km]."""

_MAX_LENGTH = np.timedelta64(7, "D")
"""Longest real sequence."""

_STEP_UNIT = np.timedelta64(30, "s")
"""Unit of the time between frames."""


@dataclass(frozen=True)
class CaseRain:
    """Rain of a case.

    Attributes:
        grid: Study grid.
        times: Starts of the frames that the satellites observe, dims (frame,).
        rain: True rain on IMERG's cells [mm/h], dims (frame, lat, lon), NaN where missing.
        half_hours: Starts of the half-hours of the case, dims (half-hour,).
        radar: Half-hour means of the radar on the study grid [mm/h], dims (half-hour, y, x), NaN
            where missing.
    """

    grid: Grid
    times: np.ndarray
    rain: np.ndarray
    half_hours: np.ndarray
    radar: np.ndarray

    @property
    def cells(self) -> Grid:
        """IMERG's cells that cover the study grid."""
        return imerg_cells(self.grid)


def simulated_rain(
    grid: Grid,
    start: np.datetime64,
    end: np.datetime64,
    *,
    seed: int,
    world: World,
    step_minutes: int,
) -> CaseRain:
    """Simulate the rain of a world and the radar that measures it.

    Args:
        grid: Square study grid.
        start, end: Period [start, end), whole half-hours.
        seed: Random seed.
        world: Parameters of the rain and of the radar.
        step_minutes: Time between frames [min].
    """
    weights = overlap_weights(grid, imerg_cells(grid))
    network = RadarNetwork.on(grid, seed=seed, world=world)
    half_hours = steps(start, end)
    radar = np.zeros((half_hours.size, *grid.shape), np.float32)
    times, rain = [], []
    frames = simulate_rain(
        grid, start - MARGIN, end + MARGIN, seed=seed, step_minutes=step_minutes, world=world
    )
    for time, rate in frames:
        times.append(time)
        rain.append(weights.apply(rate[None], min_valid=0.5)[0][0])
        row = int((time - start) // HALF_HOUR)
        if 0 <= row < half_hours.size:
            radar[row] += network.observe(rate, hours_since_1970(time)) * (step_minutes / 30)
    truth = np.stack(rain).astype(np.float32)
    return CaseRain(grid, np.array(times, "datetime64[ns]"), truth, half_hours, radar)


def radar_rain(file: Path, *, step_km: float, learning_step_km: float) -> CaseRain:
    """Rain of a real radar sequence, moved to the year `YEAR`.

    A sequence of a few hours says nothing about the hours before and after it, which the
    satellites need. There the sequence is continued by playing it backward and forward.

    Args:
        file: CF NetCDF file with frames at regular times; frames that are absent are missing.
        step_km: Pixel size of the study grid [km].
        learning_step_km: Pixel size of the learning grid [km].

    Raises:
        RainscoreError: The file cannot be read, the sequence holds no whole half-hour, its frames
            are more than a half-hour apart, it is longer than a week, or it covers too small a
            square.
    """
    reader = CfRadar()
    frames = _frames(reader, file)
    times = frames["time"].to_numpy().astype("datetime64[ns]")
    step, positions = _positions(times, file)
    year = times[0].astype("datetime64[Y]").astype("datetime64[ns]")
    start = times[0] - year + np.datetime64(f"{YEAR}")
    moved = start + step * np.arange(positions[-1] + 1)
    first = start + (-(start - np.datetime64(0, "ns")) % HALF_HOUR)
    half_hours = steps(first, moved[-1] + step - HALF_HOUR + np.timedelta64(1, "ns"))
    if not half_hours.size:
        raise RainscoreError(f"{file}: no whole half-hour in {times.size} frames")
    source = reader.grid(file)
    grid, cells = _grids(source, file, step_km=step_km, learning_step_km=learning_step_km)
    to_study, to_cells = overlap_weights(source, grid), overlap_weights(source, cells)
    study = np.full((moved.size, *grid.shape), np.nan, np.float32)
    rain = np.full((moved.size, *cells.shape), np.nan, np.float32)
    for position, index in zip(positions, frames["index"], strict=True):
        frame = reader.read(file, index)[None]
        study[position] = to_study.apply(frame, min_valid=0.5)[0][0]
        rain[position] = to_cells.apply(frame, min_valid=0.5)[0][0]
    radar = [_mean(study[(moved >= t) & (moved < t + HALF_HOUR)], step) for t in half_hours]
    added = int(np.ceil(MARGIN / step)) + 1
    order = np.pad(np.arange(moved.size), added, mode="symmetric")
    continued = start + step * (np.arange(order.size) - added)
    return CaseRain(grid, continued, rain[order], half_hours, np.stack(radar))


def _frames(reader: CfRadar, file: Path) -> pd.DataFrame:
    """Frames of a file, in order of time.

    Raises:
        DamagedFile: The file cannot be read, or has no frame.
    """
    frames = reader.scan(file)
    problems = frames.loc[frames["problem"] != "", "problem"]
    if len(problems) or not len(frames):
        reason = problems.iloc[0] if len(problems) else "no frame with a time"
        raise DamagedFile(file, reason, "remove it from evaluation.radar_sequences, or replace it")
    return frames


def _positions(times: np.ndarray, file: Path) -> tuple[np.timedelta64, np.ndarray]:
    """Time between frames, and the position of each frame in the sequence without gaps.

    Args:
        times: Starts of the frames, dims (frame,), ascending.
        file: File of the frames.

    Raises:
        RainscoreError: The time between frames is unknown or too long, or the sequence is.
    """
    gaps = np.diff(times)
    gaps = gaps[gaps > np.timedelta64(0, "ns")]
    if not gaps.size:
        raise RainscoreError(f"{file}: a case needs frames at two or more times")
    # The times of some radars vary by seconds.
    step = max(round(gaps.min() / _STEP_UNIT), 1) * _STEP_UNIT
    if step > HALF_HOUR or times[-1] - times[0] > _MAX_LENGTH:
        raise RainscoreError(
            f"{file}: {times.size} frames every {step / np.timedelta64(1, 'm'):g} min from "
            f"{times[0].astype('datetime64[m]')} to {times[-1].astype('datetime64[m]')}, but a "
            "case needs a frame every 30 min or more often, and lasts at most a week"
        )
    return step, np.rint((times - times[0]) / step).astype(int)


def _mean(frames: np.ndarray, step: np.timedelta64) -> np.ndarray:
    """Mean of frames of equal length over a half-hour."""
    minutes = [step / np.timedelta64(1, "m")] * len(frames)
    return half_hour_mean(frames, minutes=minutes, min_frame_share=0.5)[0]


def _grids(
    radar: Grid, file: Path, *, step_km: float, learning_step_km: float
) -> tuple[Grid, Grid]:
    """Largest square study grid in true kilometres inside the frame of a radar, and its cells."""
    side, unit = _side_km(radar), 2 * learning_step_km
    # Half of an outermost pixel may be outside, as half of a pixel must be valid.
    size = min(side + step_km, _MAX_SIZE_KM) // unit * unit
    if not size >= _MIN_SIZE_KM:
        raise RainscoreError(
            f"{file}: its frames are {side:.0f} km wide, but a case needs {_MIN_SIZE_KM} km"
        )
    lon, lat = radar.lonlat
    centre = float(lon[radar.ny // 2, radar.nx // 2]), float(lat[radar.ny // 2, radar.nx // 2])
    grid = window_grid(centre=centre, size_km=(size, size), step_km=step_km)
    try:
        return grid, imerg_cells(grid)
    except ValueError as error:
        raise RainscoreError(f"{file}: {error}") from error


def _side_km(grid: Grid) -> float:
    """Length of the shortest row or column on the ellipsoid [km]."""
    if min(grid.shape) < 2:
        return 0.0
    lon, lat = grid.lonlat
    distance = pyproj.Geod(ellps="WGS84").inv
    rows = distance(lon[:, 0], lat[:, 0], lon[:, -1], lat[:, -1])[2] * grid.nx / (grid.nx - 1)
    columns = distance(lon[0], lat[0], lon[-1], lat[-1])[2] * grid.ny / (grid.ny - 1)
    return float(min(rows.min(), columns.min())) / 1000


def write_case(
    case: CaseRain, path: Path, *, seed: int, world: World, run: str, settings: ScoreSettings
) -> pd.DataFrame:
    """Let the satellites of a world observe a rain, and write the training file of the case.

    Args:
        case: The rain.
        path: File to write (docs/contracts.md).
        seed: Random seed of the errors of the satellites.
        world: Parameters of the satellites.
        run: Run of IMERG, "early", "late" or "final".
        settings: Settings of the score.

    Returns:
        Score table (`scoremaps.score_month`).
    """
    grid, cells = case.grid, case.cells
    granules = simulate_imerg(
        sequence_truth(case.rain, case.times),
        cells,
        case.half_hours[0],
        case.half_hours[-1] + HALF_HOUR,
        seed=seed,
        run=run,
        world=world,
    )
    fields = xr.concat(list(_fields(granules)), "time")
    imerg, _ = overlap_weights(cells, grid).apply(fields["precipitation"].values, min_valid=0.5)
    on_grid = {
        "imerg": imerg,
        "radar": case.radar,
        "radar_valid": np.isfinite(case.radar).astype(np.float32),
    }
    without_radar = ~np.isfinite(case.radar).any(axis=(1, 2))
    states = {
        "imerg_state": ("time", np.zeros(case.half_hours.size, np.int8)),
        "radar_state": ("time", without_radar.astype(np.int8)),
    }
    pair = fields.assign(
        {name: (("time", "y", "x"), values) for name, values in on_grid.items()} | states
    ).assign_attrs(grid=grid.to_json(), cells=cells.to_json())
    scores, table = score_month(pair, overlap_weights(grid, cells), settings)
    weights = overlap_weights(cells, settings.learning_grid(grid))
    write_features(pair, scores, weights, path)
    return table


def _fields(granules: Iterator[xr.Dataset]) -> Iterator[xr.Dataset]:
    """Fields of the granules that pairs hold."""
    for granule in granules:
        yield granule[list(FIELDS)]
