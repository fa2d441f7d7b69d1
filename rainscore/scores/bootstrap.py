"""Confidence intervals from resampling whole days, for any measure that is a function of sums.

Half-hours of one day share its weather and are not independent, so the block of the bootstrap is
the day (block bootstrap; Künsch 1989, doi:10.1214/aos/1176347265). All intervals of the project
come from here: one rule for the draws, one for the ends.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

Measures = Callable[[np.ndarray], Mapping[Any, np.ndarray]]
"""From sums (..., statistic) to measures by name, or by (name, class), each (...)."""

ENDS = (2.5, 97.5)
"""Percentiles of the bootstrap samples that bound the interval [%]."""

MIN_DEFINED = 0.5
"""Minimum share of bootstrap samples in which a measure must be defined."""


class Interval(NamedTuple):
    """Ends of a 95 % interval, NaN where none can be given."""

    low: Any
    high: Any


def day_weights(days: int, *, resamples: int, seed: int) -> np.ndarray:
    """How often each day is drawn in each bootstrap sample.

    The same number of days and seed give the same draws, so measures computed from them are
    paired.

    Args:
        days: Number of days; as many are drawn, with replacement.
        resamples: Number of bootstrap samples.
        seed: Random seed.

    Returns:
        Dims (resample, day), float64; each row adds to `days`. Without a day, dims (resample, 0).
    """
    if not days:
        return np.zeros((resamples, 0))
    rng = np.random.default_rng([seed, days])
    return rng.multinomial(days, np.full(days, 1 / days), resamples).astype(np.float64)


def with_sample(weights: np.ndarray) -> np.ndarray:
    """Put the observed sample, each day once, before the draws: dims (1 + resample, day)."""
    return np.concatenate([np.ones((1, weights.shape[1])), weights])


def interval(samples: np.ndarray, days: int | np.ndarray) -> Interval:
    """95 % interval of bootstrap samples (percentile bootstrap).

    Args:
        samples: Dims (resample, ...); NaN or infinite where the measure is undefined.
        days: Number of days behind each measure, one number or dims (...).

    Returns:
        Ends, dims (...), floats where `samples` has one dimension. NaN with fewer than two days,
        and where the measure is defined in less than half of the samples.
    """
    values = np.where(np.isfinite(samples), samples, np.nan).reshape(len(samples), -1)
    defined = np.isfinite(values).sum(axis=0) >= max(MIN_DEFINED * len(values), 1)
    enough = defined & (np.broadcast_to(np.ravel(days), defined.shape) > 1)
    ends = np.full((2, values.shape[1]), np.nan)
    if enough.any():
        ends[:, enough] = np.nanpercentile(values[:, enough], ENDS, axis=0)
    if np.ndim(samples) == 1:
        return Interval(float(ends[0, 0]), float(ends[1, 0]))
    shape = np.shape(samples)[1:]
    return Interval(ends[0].reshape(shape), ends[1].reshape(shape))


def measured(
    sums: pd.DataFrame,
    by: list[str],
    statistics: list[str],
    measures: Measures,
    *,
    days: pd.DatetimeIndex,
    weights: np.ndarray,
) -> pd.DataFrame:
    """Measures of each group with 95 % intervals; the same days are drawn for all groups.

    Args:
        sums: One row per combination of `by` and day: those columns, `day`, and `statistics`,
            which are additive.
        by: Columns that form the groups, at least one.
        statistics: Columns of the sums, in the order that `measures` expects.
        measures: Function from sums to measures; a day without the group contributes zeros.
        days: All days of the sample.
        weights: From `day_weights` for these days.

    Returns:
        One row per group and measure: `by`, measure, value, low, high, days (days with the group).
    """
    group = sums.groupby(by, sort=True, observed=True).ngroup().to_numpy()
    names = sums[by].groupby(group).first()
    cube = np.zeros((len(names), days.size, len(statistics)))
    cube[group, days.get_indexer(pd.DatetimeIndex(sums["day"]))] = sums[statistics].to_numpy(
        np.float64
    )
    present = np.bincount(group, minlength=len(names))
    values = measures(cube.sum(axis=1))
    drawn = np.tensordot(weights, cube, axes=(1, 1))  # (resample, group, statistic)
    tables = []
    for measure, samples in measures(drawn).items():
        low, high = interval(samples, present)
        found = {"value": values[measure], "low": low, "high": high, "days": present}
        tables.append(names.assign(measure=[measure] * len(names), **found))
    return pd.concat(tables, ignore_index=True)
