"""Statistics of Early, Late and Final simulated for the same days, without writing files."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.grids import Grid
from rainscore.regridding.conservative import overlap_weights
from rainscore.regridding.radarreader import Truth
from rainscore.simulation.diagnostics import (
    add_up,
    amount_sums,
    hourly_sums,
    pass_sums,
    rain_sums,
    run_sums,
    skill_sums,
    structure_sums,
)
from rainscore.simulation.product import simulate_imerg
from rainscore.simulation.radarerrors import RadarNetwork
from rainscore.simulation.rain import simulate_rain
from rainscore.simulation.rainsequence import sequence_truth
from rainscore.simulation.regimes import simulate_regimes
from rainscore.simulation.worlds import REFERENCE, World
from rainscore.times import hours_since_1970

_FIELDS = ["precipitation", "mw_source", "ir_influence", "ir_precipitation"]

_MARGIN = np.timedelta64(9, "h")  # before and after the period, for the propagation of rain


def measure_runs(
    grid: Grid,
    cells: Grid,
    start: np.datetime64,
    end: np.datetime64,
    *,
    seed: int,
    step_minutes: int,
    world: World = REFERENCE,
) -> pd.DataFrame:
    """Simulate a period and measure it (`rainscore.simulation.diagnostics`) with all three runs.

    Late equals Final before the gauge adjustment, so it is not simulated separately.

    Args:
        grid: Study grid.
        cells: IMERG's cells.
        start, end: Period [start, end), whole half-hours. Final is adjusted for the parts of months
            inside it.
        seed: Random seed.
        step_minutes: Time between the radar frames that the satellites observe [min].
        world: Parameters of rain, satellites and radar.

    Returns:
        Sums, one row per (product, regime, quantity).
    """
    time, rain, radar = rain_on_cells(
        grid,
        cells,
        start - _MARGIN,
        end + _MARGIN,
        seed=seed,
        step_minutes=step_minutes,
        world=world,
    )
    inside = (time >= start) & (time < end)
    frames = 30 // step_minutes
    half_hours = radar[inside].reshape(-1, frames, *cells.shape).mean(axis=1)
    frame_source = sequence_truth(rain, time)
    regimes = simulate_regimes(start, end, seed=seed, world=world)
    tables = [rain_sums(_simulated_frames(grid, seed, world), regimes, km=abs(grid.dx) / 1000)]
    for run in ("final", "early"):
        maps = simulate_imerg(frame_source, cells, start, end, seed=seed, run=run, world=world)
        pair = _stacked(maps, half_hours)
        tables.append(run_sums(pair, half_hours, run=run))
        if run == "final":
            late = pair.assign(precipitation=pair["precipitation_uncal"])
            tables.append(run_sums(late, half_hours, run="late"))
            tables.append(skill_sums(pair, half_hours, regimes, run=run))
            tables += [amount_sums(pair), pass_sums(pair, cells)]
            tables += [structure_sums(pair), hourly_sums(pair, half_hours)]
    return add_up(tables)


def rain_on_cells(
    grid: Grid,
    cells: Grid,
    start: np.datetime64,
    end: np.datetime64,
    *,
    seed: int,
    step_minutes: int,
    world: World,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Simulate rain and radar and average them on IMERG's cells; parameters as in `measure_runs`.

    Returns:
        Starts of the frames, dims (time,), true rain rates and those of the radar [mm/h], each
        dims (time, lat, lon), float32, NaN where less than half of a cell lies on the grid.
    """
    weights = overlap_weights(grid, cells)
    network = RadarNetwork.on(grid, seed=seed, world=world)
    times, rates = [], []
    frames = simulate_rain(grid, start, end, seed=seed, step_minutes=step_minutes, world=world)
    for time, rate in frames:
        both = np.stack([rate, network.observe(rate, hours_since_1970(time))])
        times.append(time)
        rates.append(weights.apply(both, min_valid=0.5)[0].astype(np.float32))
    rain, radar = np.stack(rates, axis=1)
    return np.array(times, "datetime64[ns]"), rain, radar


def _simulated_frames(grid: Grid, seed: int, world: World) -> Truth:
    """Function that simulates the frames of a period."""

    def frames(start: np.datetime64, end: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
        times, rates = zip(*simulate_rain(grid, start, end, seed=seed, world=world), strict=True)
        return np.array(times), np.stack(rates)

    return frames


def _stacked(maps: Iterable[xr.Dataset], truth: np.ndarray) -> xr.Dataset:
    """Pairs of simulated granules and the truth on IMERG's cells."""
    fields = [*_FIELDS, "precipitation_uncal"]
    month = xr.concat([granule[fields] for granule in maps], "time")
    state = np.zeros(month.sizes["time"], np.int8)
    return month.assign(radar=(month["precipitation"].dims, truth), imerg_state=("time", state))
