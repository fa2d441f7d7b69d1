"""Half-hours, months, seasons and splits of a run; all times are UTC."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

HALF_HOUR = np.timedelta64(30, "m")
"""Time step of IMERG."""

HOUR = np.timedelta64(1, "h")
"""Period of the comparison with a radar that gives hourly sums."""


SEASONS = ("DJF", "MAM", "JJA", "SON")
"""Meteorological seasons, by the initials of their months."""


def expand_months(entries: Sequence[str]) -> list[str]:
    """Expand months and ranges of months into a sorted list without duplicates.

    Args:
        entries: Months, `2019-01`, or ranges that include both ends, `2020-01..2021-12`.

    Raises:
        ValueError: A range ends before it begins.

    >>> expand_months(["2019-11..2020-01", "2019-11"])
    ['2019-11', '2019-12', '2020-01']
    """
    months: set[str] = set()
    for entry in entries:
        first, last = (re.split(r"\.\.", entry) * 2)[:2]
        if last < first:
            raise ValueError(f"period.months: {entry} ends before it begins")
        months.update(pd.period_range(first, last, freq="M").astype(str))
    return sorted(months)


def month_span(month: str, first_day: int, last_day: int) -> tuple[np.datetime64, np.datetime64]:
    """Start and exclusive end of the days of a month that a run uses.

    Args:
        month: Month, `2019-01`.
        first_day: First day of the month to use.
        last_day: Last day of the month to use; the end of the month if it has fewer days.

    Raises:
        ValueError: The month ends before `first_day`.
    """
    period = pd.Period(month, freq="M")
    if first_day > period.days_in_month:
        raise ValueError(f"period.first_day: {month} has no day {first_day}")
    start = period.start_time + pd.Timedelta(days=first_day - 1)
    end = period.start_time + pd.Timedelta(days=min(last_day, period.days_in_month))
    return start.to_datetime64(), end.to_datetime64()


def steps(start: np.datetime64 | str, end: np.datetime64 | str, minutes: int = 30) -> np.ndarray:
    """Regular times from `start` (included) to `end` (excluded).

    Args:
        start: First time.
        end: Exclusive end.
        minutes: Time between steps [min].

    Returns:
        Dims (step,), datetime64[ns].
    """
    first, last = np.array([start, end], "datetime64[ns]")
    return first + np.arange(0, last - first, np.timedelta64(minutes, "m"))


def hours_since_1970(time: np.datetime64) -> float:
    """Hours from 1970-01-01 00:00 UTC to a time."""
    return float(time.astype("datetime64[s]").astype(np.int64)) / 3600.0


def season_of(month: int) -> str:
    """Meteorological season of a month, 1 to 12.

    >>> season_of(12), season_of(4)
    ('DJF', 'MAM')
    """
    return SEASONS[month % 12 // 3]


def times_of(splits: pd.DataFrame, *names: str) -> np.ndarray:
    """Half-hours that belong to any of the named splits.

    Args:
        splits: Table with the columns `time` and `split`.
        names: Names of splits, such as `train`.
    """
    return splits.loc[splits["split"].isin(names), "time"].to_numpy()
