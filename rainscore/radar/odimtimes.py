"""Times of an ODIM HDF5 composite."""

import re
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from rainscore.errors import DamagedFile
from rainscore.radar.accumulation import accumulation_hours
from rainscore.radar.odimlayers import ASK_PRODUCER, Layer

MAX_SCANS = pd.Timedelta(2, "h")
"""Longest time between the start and the end of the scans of a rate or reflectivity."""


DAY, HOUR, MINUTE = (pd.Timedelta(1, unit) for unit in ("D", "h", "min"))


class Period(NamedTuple):
    """Times that a composite states, UTC, rounded to the minute.

    Attributes:
        start, end: Start and end of the scans or of the accumulation; None if absent.
        nominal: Nominal time; None if absent.
        hours: Length of the accumulation [h]; NaN for rates and reflectivity.
    """

    start: pd.Timestamp | None
    end: pd.Timestamp | None
    nominal: pd.Timestamp | None
    hours: float


def stated_period(layer: Layer) -> Period:
    """Times that a composite states.

    The end may be 24:00 or 00:00 of the day of the start, and may have no date.

    Raises:
        DamagedFile: A time is impossible, the start has no date or no clock time, the end is before
            the start, an accumulation has no start or end, scans last longer than `MAX_SCANS`, or
            the nominal time is more than an hour away from the others.
    """
    start, end = _time(layer, "startdate", "starttime"), _time(layer, "enddate", "endtime")
    nominal = _time(layer, "date", "time")
    if start is not None and end is None and layer.word("endtime"):
        end = _time(layer, "startdate", "endtime")
        if end is not None and end <= start:
            end += DAY
    elif start is not None and end is not None and start > end == start.normalize():
        end += DAY  # 00:00 for the end of the day
    hours = np.nan
    if layer.quantity == "ACRR":
        if start is None or end is None:
            absent = "start" if start is None else "end"
            raise DamagedFile(
                layer.file, f"it states no {absent} of its accumulation", ASK_PRODUCER
            )
        hours = accumulation_hours((end - start).to_timedelta64(), layer.file)
    elif start is None and {"startdate", "starttime"} & layer.attributes.keys():
        raise DamagedFile(layer.file, "its start has no date or no time", ASK_PRODUCER)
    elif start is not None and end is not None and not start <= end <= start + MAX_SCANS:
        raise DamagedFile(layer.file, f"it is from {start} to {end}", ASK_PRODUCER)
    if nominal is not None and start is not None:
        last = start if end is None else end
        if not start - HOUR <= nominal <= last + HOUR:
            reason = f"it is from {start} to {last}, but its nominal time is {nominal}"
            raise DamagedFile(layer.file, reason, ASK_PRODUCER)
    return Period(start, end, nominal, hours)


def time_in_name(file: Path) -> pd.Timestamp | None:
    """Time in the name of a file, UTC: YYYYMMDDHHMM, also with `T`, `_` or `-` before the hour."""
    match = re.search(r"(?<!\d)((?:19|20)\d{6})[T_-]?(\d{4})(?:\d\d)?(?!\d)", file.name)
    return _timestamp(match[1], match[2]) if match else None


def _time(layer: Layer, date: str, clock: str) -> pd.Timestamp | None:
    """Time from an attribute YYYYMMDD and an attribute HHMMSS or HHMM; None if one is absent."""
    day, hour = layer.word(date), layer.word(clock)
    if not day or not hour:
        return None
    if np.asarray(layer.attributes[clock]).dtype.kind in "iu":
        hour = hour.zfill(6)
    time = _timestamp(*(re.sub(r"[-:]", "", word) for word in (day, hour)))
    if time is None:
        reason = f"its {date} is {day[:20]!r} and its {clock} is {hour[:20]!r}"
        raise DamagedFile(layer.file, reason, ASK_PRODUCER)
    return time


def _timestamp(day: str, clock: str) -> pd.Timestamp | None:
    """Time from digits YYYYMMDD and HHMM or HHMMSS, to the minute; None if impossible."""
    if not re.fullmatch(r"(?:19|20)\d{6}", day) or not re.fullmatch(r"\d{4}(?:\d\d)?", clock):
        return None
    hours, minutes, seconds = int(clock[:2]), int(clock[2:4]), int(clock[4:] or 0)
    if not (hours < 24 and minutes < 60 and seconds <= 60) and clock.strip("0") != "24":
        return None
    try:
        midnight = pd.Timestamp(datetime.strptime(day, "%Y%m%d"))
    except ValueError:
        return None
    time = midnight + pd.Timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return time.round(MINUTE).as_unit("ns")
