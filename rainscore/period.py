"""The period of a run: its months, its half-hours, and their split into blocks of days."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from rainscore.errors import RainscoreError

HALF_HOUR = np.timedelta64(30, "m")


def expand_months(entries: Sequence[str]) -> list[str]:
    """Months in order, without repeats, from entries such as `2019-01` or `2020-01..2021-12`.

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
    """Start, and end (exclusive), of the days used of a month, UTC.

    Raises:
        ValueError: The month has no such days.
    """
    period = pd.Period(month, freq="M")
    if first_day > period.days_in_month:
        raise ValueError(f"period.first_day: {month} has no day {first_day}")
    start = period.start_time + pd.Timedelta(days=first_day - 1)
    end = period.start_time + pd.Timedelta(days=min(last_day, period.days_in_month))
    return start.to_datetime64(), end.to_datetime64()


def steps(start: np.datetime64 | str, end: np.datetime64 | str, minutes: int = 30) -> np.ndarray:
    """Starts of the steps of `minutes` in [start, end), datetime64[ns]."""
    first, last = np.array([start, end], "datetime64[ns]")
    return first + np.arange(0, last - first, np.timedelta64(minutes, "m"))


def split_blocks(
    times: np.ndarray, *, pattern: Sequence[str], block_hours: int, gap_hours: int
) -> pd.DataFrame:
    """Assign each half-hour to a split by the block of hours of its month that holds it.

    Blocks count from the start of each month and take the splits of `pattern` in turn; the pattern
    starts one further each month, so that no split keeps one part of the month. What a half-hour
    gets does not depend on which other months a run has. The first `gap_hours` of a block whose
    split differs from the block before are left out (`gap`), since neighbours in time are alike.

    Args:
        times: Half-hour starts, dims (time,), datetime64.

    Returns:
        Columns time, block (start of the block), split.
    """
    stamps = pd.DatetimeIndex(times)
    block = pd.Timedelta(hours=block_hours)

    def place(when: pd.DatetimeIndex) -> tuple[pd.DatetimeIndex, np.ndarray]:
        month = when.to_period("M").to_timestamp()
        number = (when - month) // block
        turn = (number + when.year * 12 + when.month) % len(pattern)
        return month + number * block, np.asarray(pattern, dtype=object)[turn]

    start, split = place(stamps)
    _, before = place(start - pd.Timedelta(1, "ns"))
    early = (stamps - start) < pd.Timedelta(hours=gap_hours)
    split = np.where(early & (split != before), "gap", split)
    return pd.DataFrame({"time": stamps, "block": start, "split": split})


def check_splits(splits: pd.DataFrame) -> None:
    """Refuse a period that is too short for its splits.

    Args:
        splits: Of `split_blocks`.

    Raises:
        RainscoreError: A split that the stages need has no half-hour.
    """
    missing = {"train", "validation", "calibration", "test"} - set(splits["split"])
    if missing:
        raise RainscoreError(
            f"splits: the period has no days for {', '.join(sorted(missing))}; give it more days "
            "(period), or make the blocks shorter (splits.block_hours)"
        )
