"""Early, Late and Final of the same simulated days, measured in memory: no file is written."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.grids import Grid
from rainscore.regridding.conservative import overlap_weights
from rainscore.simulation.diagnostics import (
    Frames,
    add_up,
    amount_sums,
    pass_sums,
    rain_sums,
    run_sums,
    skill_sums,
)
from rainscore.simulation.one_error import sequence_truth
from rainscore.simulation.rain import simulate_rain
from rainscore.simulation.regimes import simulate_regimes
from rainscore.simulation.satellites import simulate_imerg

_FIELDS = ["precipitation", "mw_source", "ir_influence", "ir_precipitation"]


_MARGIN = np.timedelta64(9, "h")  # over which microwave rain is carried into a period


def compare_runs(
    grid: Grid,
    cells: Grid,
    start: np.datetime64,
    end: np.datetime64,
    *,
    seed: int,
    step_minutes: int,
) -> pd.DataFrame:
    """Sums of a simulated world (`rainscore.world.diagnostics`) with all three runs of IMERG.

    Late is Final before its adjustment, so it is not simulated apart.

    Args:
        grid: Study grid.
        cells: IMERG's cells.
        start, end: Period, whole half-hours, end exclusive; Final is adjusted to its months.
        seed: Seed of the world.
        step_minutes: Minutes between the frames that the satellites see.
    """
    time, rain = rain_on_cells(
        grid, cells, start - _MARGIN, end + _MARGIN, seed=seed, step_minutes=step_minutes
    )
    inside = (time >= start) & (time < end)
    frames = 30 // step_minutes
    truth = rain[inside].reshape(-1, frames, *cells.shape).mean(axis=1)
    seen = sequence_truth(rain, time)
    regimes = simulate_regimes(start, end, seed=seed)
    tables = [rain_sums(_frames_of(grid, seed), regimes, km=abs(grid.dx) / 1000)]
    for run in ("final", "early"):
        maps = simulate_imerg(seen, cells, start, end, seed=seed, run=run)
        pair = _stacked(maps, truth)
        tables.append(run_sums(pair, truth, run=run))
        if run == "final":
            late = pair.assign(precipitation=pair["precipitation_uncal"])
            tables.append(run_sums(late, truth, run="late"))
            tables.append(skill_sums(pair, truth, regimes, run=run))
            tables += [amount_sums(pair), pass_sums(pair, cells)]
    return add_up(tables)


def rain_on_cells(
    grid: Grid,
    cells: Grid,
    start: np.datetime64,
    end: np.datetime64,
    *,
    seed: int,
    step_minutes: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Simulated rain averaged on IMERG's cells.

    Returns:
        Starts of the frames, dims (time,), and rates [mm/h], dims (time, lat, lon), float32, NaN
        where less than half of a cell lies on the grid.
    """
    weights = overlap_weights(grid, cells)
    times, rates = [], []
    for time, rate in simulate_rain(grid, start, end, seed=seed, step_minutes=step_minutes):
        times.append(time)
        rates.append(weights.apply(rate[None], min_valid=0.5)[0][0])
    return np.array(times, "datetime64[ns]"), np.stack(rates).astype(np.float32)


def _frames_of(grid: Grid, seed: int) -> Frames:
    """Frames of any time span, simulated when asked for."""

    def frames(start: np.datetime64, end: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
        times, rates = zip(*simulate_rain(grid, start, end, seed=seed), strict=True)
        return np.array(times), np.stack(rates)

    return frames


def _stacked(maps: Iterable[xr.Dataset], truth: np.ndarray) -> xr.Dataset:
    """Granules as one month's pairs, the truth beside them on the cells."""
    fields = [*_FIELDS, "precipitation_uncal"]
    month = xr.concat([granule[fields] for granule in maps], "time")
    state = np.zeros(month.sizes["time"], np.int8)
    return month.assign(radar=(month["precipitation"].dims, truth), imerg_state=("time", state))
