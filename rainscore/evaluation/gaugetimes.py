"""Times of gauge tables: from local time and stamps at start or end to UTC starts."""

import re
from datetime import timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.evaluation.gaugecolumns import first, some

OFFSET = re.compile(r"\d:\d\d.*(?:Z|[+-]\d\d:?\d\d)$")
"""Pattern of a time that states its difference to UTC."""

FIXED_ZONE = re.compile(r"UTC([+-])(\d{1,2}):(\d\d)")

YEARS = (1990, 2100)
"""First and last year of times that can be right."""


def utc_starts(table: pd.DataFrame, path: Path, period: np.timedelta64) -> pd.Series:
    """Starts of the accumulations, UTC, datetime64[ns]."""
    marks = table["time_marks"].unique()
    if len(marks) > 1 or marks[0] not in ("start", "end"):
        raise DamagedFile(
            path,
            f"time_marks is {some(map(str, marks))}",
            "choose start or end for the whole table",
        )
    times = _utc(table, path)
    starts = times - period if marks[0] == "end" else times
    odd = starts != starts.dt.floor("30min")
    if odd.any():
        raise DamagedFile(
            path,
            f"the accumulation in row {first(odd)} starts at {starts[odd].iloc[0]:%H:%M:%S} UTC, "
            "but the half-hours of IMERG at :00 and :30",
            "check time zone and period, or sum the gauges to half-hours of UTC",
        )
    return starts


def _utc(table: pd.DataFrame, path: Path) -> pd.Series:
    """Times converted to UTC, without time zone."""
    times, stated = _parsed(table["time"], path)
    if stated and "time_zone" in table:
        raise DamagedFile(
            path, "its times state their difference to UTC", "do not give a time zone too"
        )
    if not stated and "time_zone" not in table:
        raise RainscoreError(
            f"{path}: the time zone (such as UTC, UTC-03:00 or America/Sao_Paulo) is not stated; "
            "give --time-zone or a column time_zone"
        )
    return times if stated else _from_zones(times, table["time_zone"], path)


def _parsed(column: pd.Series, path: Path) -> tuple[pd.Series, bool]:
    """Times without time zone, and whether they state their difference to UTC and so are UTC."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        stated, times = True, column.dt.tz_convert("UTC").dt.tz_localize(None)
    elif pd.api.types.is_datetime64_dtype(column):
        stated, times = False, column
    else:
        written = column.astype(str).str.strip()
        offsets = written.str.contains(OFFSET)
        stated = bool(offsets.any())
        if stated and not offsets.all():
            raise DamagedFile(
                path,
                f"the time in row {first(~offsets)} does not state its difference to UTC, others "
                "do",
                "write all times in one way",
            )
        parsed = pd.to_datetime(written, format="ISO8601", errors="coerce", utc=True)
        times = parsed.dt.tz_localize(None)
    wrong = times.isna() | ~times.dt.year.between(*YEARS)
    if wrong.any():
        raise DamagedFile(
            path,
            f"the time in row {first(wrong)} is {column[wrong].iloc[0]!r}",
            "write times as 2023-11-12 06:00",
        )
    return times.astype("datetime64[ns]"), stated


def _from_zones(times: pd.Series, zones: pd.Series, path: Path) -> pd.Series:
    """Local times of the given zones, converted to UTC without time zone."""
    result = pd.Series(pd.NaT, times.index, "datetime64[ns]")
    for name in zones.astype(str).unique():
        rows = zones.astype(str) == name
        local = times[rows].dt.tz_localize(_zone(name, path), ambiguous="NaT", nonexistent="NaT")
        result[rows] = local.dt.tz_convert("UTC").dt.tz_localize(None)
    lost = result.isna()
    if lost.any():
        raise DamagedFile(
            path,
            f"the time in row {first(lost)}, {times[lost].iloc[0]:%Y-%m-%d %H:%M}, occurs twice "
            f"or not at all in {zones[lost].iloc[0]} (daylight saving time)",
            "convert the times to UTC",
        )
    return result


def _zone(name: str, path: Path) -> tzinfo:
    fixed = FIXED_ZONE.fullmatch(name)
    if fixed:
        sign, hours, minutes = fixed.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        if offset < timedelta(hours=24):
            return timezone(-offset if sign == "-" else offset)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise DamagedFile(
            path,
            f"{name!r} is not a time zone",
            "write UTC, UTC-03:00 or a name such as America/Sao_Paulo",
        ) from error
