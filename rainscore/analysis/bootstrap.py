"""Intervals from resampling whole days, for any measure that is a function of sums."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

Measures = Callable[[np.ndarray], Mapping[Any, np.ndarray]]
"""From sums (..., statistic) to measures by their name, or (name, at what), each (...)."""

ENDS = (2.5, 97.5)


def day_draws(days: int, *, resamples: int, seed: int) -> np.ndarray:
    """How often each day is drawn in each resample, dims (resample, day); a row adds to `days`."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(days, np.full(days, 1 / days), resamples).astype(np.float64)


def measured(
    sums: pd.DataFrame,
    by: list[str],
    statistics: list[str],
    measures: Measures,
    *,
    days: pd.DatetimeIndex,
    draws: np.ndarray,
) -> pd.DataFrame:
    """Measures of each group, with 95 % intervals from resampling days.

    Half-hours of a day are not independent, so that whole days are drawn, the same ones for all
    groups: the day is the block of the bootstrap.

    Args:
        sums: One row for each occurring combination of `by` and day: those columns, `day`, and
            `statistics`, which add.
        by: Columns that form the groups, at least one.
        statistics: Columns of the sums, in the order in which `measures` takes them.
        measures: From sums to measures; a day without the group adds zeros.
        days: All days that were drawn from.
        draws: Of `day_draws`.

    Returns:
        One row for each group and measure: `by`, measure, value, low, high, days (with the group).
        The interval is NaN where the group has fewer than two days, or where the measure is
        missing in more than half of the resamples.
    """
    group = sums.groupby(by, sort=True, observed=True).ngroup().to_numpy()
    names = sums[by].groupby(group).first()
    cube = np.zeros((len(names), days.size, len(statistics)))
    cube[group, days.get_indexer(pd.DatetimeIndex(sums["day"]))] = sums[statistics].to_numpy(
        np.float64
    )
    present = np.bincount(group, minlength=len(names))
    values = measures(cube.sum(axis=1))
    drawn = np.tensordot(draws, cube, axes=(1, 1))  # (resample, group, statistic)
    tables = []
    for measure, samples in measures(drawn).items():
        low, high = _ends(samples, present)
        found = {"value": values[measure], "low": low, "high": high, "days": present}
        tables.append(names.assign(measure=[measure] * len(names), **found))
    return pd.concat(tables, ignore_index=True)


def _ends(samples: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Ends (2, group) of the intervals of samples (resample, group)."""
    ends = np.full((2, samples.shape[1]), np.nan)
    enough = (days > 1) & (np.isnan(samples).mean(axis=0) <= 0.5)
    if enough.any():
        ends[:, enough] = np.nanpercentile(samples[:, enough], ENDS, axis=0, method="nearest")
    return ends
