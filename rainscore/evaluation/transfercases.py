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
import xarray as xr

from rainscore.errors import RainscoreError
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

_MIN_SIZE_KM = 160


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
        file: CF NetCDF file with consecutive frames.
        step_km: Pixel size of the study grid [km].
        learning_step_km: Pixel size of the learning grid [km].

    Raises:
        RainscoreError: The sequence is shorter than a half-hour or covers too small a square.
    """
    reader = CfRadar()
    frames = reader.scan(file)
    times = frames["time"].to_numpy().astype("datetime64[ns]")
    step = np.diff(times).min()
    grid = _square(reader.grid(file), file, step_km=step_km, learning_step_km=learning_step_km)
    to_study, to_cells = (
        overlap_weights(reader.grid(file), target) for target in (grid, imerg_cells(grid))
    )
    rates = np.stack([reader.read(file, i) for i in frames["index"]])
    rain = to_cells.apply(rates, min_valid=0.5)[0].astype(np.float32)
    study = to_study.apply(rates, min_valid=0.5)[0].astype(np.float32)
    moved = times + (
        np.datetime64(f"{YEAR}") - times[0].astype("datetime64[Y]").astype("datetime64[ns]")
    )
    first = moved[0] + (-(moved[0] - np.datetime64(0, "ns")) % HALF_HOUR)
    half_hours = steps(first, moved[-1] + step - HALF_HOUR + np.timedelta64(1, "ns"))
    if not half_hours.size:
        raise RainscoreError(f"{file}: no whole half-hour in {times.size} frames")
    radar = [_mean(study[(moved >= t) & (moved < t + HALF_HOUR)], step) for t in half_hours]
    repeated = int(np.ceil(MARGIN / step)) + 1
    order = np.pad(np.arange(times.size), repeated, mode="symmetric")
    continued = moved[0] + step * (np.arange(order.size) - repeated)
    return CaseRain(grid, continued, rain[order], half_hours, np.stack(radar))


def _mean(frames: np.ndarray, step: np.timedelta64) -> np.ndarray:
    """Mean of frames of equal length over a half-hour."""
    minutes = [step / np.timedelta64(1, "m")] * len(frames)
    return half_hour_mean(frames, minutes=minutes, min_frame_share=0.5)[0]


def _square(radar: Grid, file: Path, *, step_km: float, learning_step_km: float) -> Grid:
    """Largest square grid in true kilometres inside the frame of a radar."""
    lon, lat = radar.lonlat
    centre = float(lon[radar.ny // 2, radar.nx // 2]), float(lat[radar.ny // 2, radar.nx // 2])
    scale = 1.0 if max(abs(radar.dx), abs(radar.dy)) > 5 else 111.2e3
    side = min(radar.nx * abs(radar.dx), radar.ny * abs(radar.dy)) * scale / 1000
    size = min(800.0, side // (2 * learning_step_km) * 2 * learning_step_km)
    if size < _MIN_SIZE_KM:
        raise RainscoreError(
            f"{file}: its frames are {side:.0f} km wide, but a case needs {_MIN_SIZE_KM} km"
        )
    return window_grid(centre=centre, size_km=(size, size), step_km=step_km)


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
    states = {
        name: ("time", np.zeros(case.half_hours.size, np.int8))
        for name in ("imerg_state", "radar_state")
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
