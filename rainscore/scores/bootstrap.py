"""Confidence intervals of functions of sums, by a bootstrap over days or blocks of days.

The half-hours of a day share its weather and are not independent, so whole days are resampled
(block bootstrap; Künsch 1989, doi:10.1214/aos/1176347265). Skill is resampled by blocks of two
days, because a weather situation lasts longer than a day. All intervals of the project are computed
here.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

Measures = Callable[[np.ndarray], Mapping[Any, np.ndarray]]
"""Function from sums (..., statistic) to measures by key, each (...)."""

ENDS = (2.5, 97.5)
"""Percentiles of the bootstrap samples at the ends of an interval [%]."""

MIN_DEFINED = 0.5
"""Minimum share of bootstrap samples in which a measure must be defined."""


BLOCK_DAYS = 2
"""Length of a block of weather, as that of the blocks of the splits [days]."""


class Interval(NamedTuple):
    """Ends of a 95 % interval; NaN if it cannot be computed."""

    low: Any
    high: Any


def day_weights(days: int, *, resamples: int, seed: int) -> np.ndarray:
    """Draw bootstrap samples of days, and count how often each day occurs in each sample.

    The same number of days and the same seed give the same draws, so that measures computed from
    them are paired.

    Args:
        days: Number of days; each sample draws this many days with replacement.
        resamples: Number of bootstrap samples.
        seed: Random seed.

    Returns:
        Counts, float64, dims (resample, day); each row adds up to `days`. Dims (resample, 0) if
        `days` is 0.
    """
    if not days:
        return np.zeros((resamples, 0))
    rng = np.random.default_rng([seed, days])
    return rng.multinomial(days, np.full(days, 1 / days), resamples).astype(np.float64)


def weather_blocks(days: np.ndarray) -> np.ndarray:
    """Block of weather of each day: the first day of `BLOCK_DAYS` days, counted from the month.

    The blocks of the splits are counted in the same way, so they are not divided. The days that are
    left over at the end of a month belong to its last block.

    Args:
        days: Dims (n,), datetime64[D].

    Returns:
        Dims (n,), datetime64[D].

    >>> weather_blocks(np.array(["2019-01-03", "2019-01-04", "2019-01-31"], "M8[D]")).astype(str)
    array(['2019-01-03', '2019-01-03', '2019-01-29'], dtype='<U28')
    """
    month = days.astype("datetime64[M]")
    first = month.astype("datetime64[D]")
    length = ((month + 1).astype("datetime64[D]") - first).astype(int)
    number = (days - first).astype(int) // BLOCK_DAYS
    return first + BLOCK_DAYS * np.minimum(number, length // BLOCK_DAYS - 1)


def with_sample(weights: np.ndarray) -> np.ndarray:
    """Prepend the original sample, in which each day occurs once; dims (1 + resample, day)."""
    return np.concatenate([np.ones((1, weights.shape[1])), weights])


def interval(samples: np.ndarray, days: int | np.ndarray) -> Interval:
    """Compute the 95 % interval of bootstrap samples (percentile bootstrap).

    Args:
        samples: Values of the measure, dims (resample, ...); NaN or infinite if undefined.
        days: Number of days that each measure rests on, one number or dims (...).

    Returns:
        Ends, dims (...); floats if `samples` has one dimension. NaN if there are fewer than two
        days, or if the measure is defined in less than half of the samples.
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
    """Compute measures of each group with 95 % intervals, from the same draws for all groups.

    Args:
        sums: Additive sums, one row per group and day: columns `by`, `day` and `statistics`.
        by: Columns that define the groups, at least one.
        statistics: Columns of the sums, in the order that `measures` expects.
        measures: Function from sums to measures; a day without rows of a group adds zeros.
        days: All days of the sample.
        weights: Draws of `day_weights` for these days.

    Returns:
        One row per group and measure: `by`, measure (key of the measure), value, low, high, days
        (number of days with rows of the group).
    """
    group = sums.groupby(by, sort=True, observed=True).ngroup().to_numpy()
    names = sums[by].groupby(group).first()
    cube = np.zeros((len(names), days.size, len(statistics)))
    cube[group, days.get_indexer(pd.DatetimeIndex(sums["day"]))] = sums[statistics].to_numpy(
        np.float64
    )
    group_days = np.bincount(group, minlength=len(names))
    values = measures(cube.sum(axis=1))
    drawn = np.tensordot(weights, cube, axes=(1, 1))  # (resample, group, statistic)
    tables = []
    for measure, samples in measures(drawn).items():
        low, high = interval(samples, group_days)
        columns = {"value": values[measure], "low": low, "high": high, "days": group_days}
        tables.append(names.assign(measure=[measure] * len(names), **columns))
    return pd.concat(tables, ignore_index=True)
