"""Gauge tables: CSV or Parquet, checked, as rates by station and UTC start."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.evaluation.gaugecolumns import (
    COORDINATES,
    first,
    numbers,
    positions,
    read_columns,
    require,
    some,
)
from rainscore.evaluation.gaugetimes import utc_starts

COLUMNS = ("station", *COORDINATES, "time", "millimetres")
"""Columns of a gauge table."""

SETTINGS = {
    "period_minutes": "accumulation period [min]",
    "time_marks": "meaning of the times (start or end of the accumulation)",
    "time_zone": "time zone (such as UTC, UTC-03:00 or America/Sao_Paulo)",
}
"""Settings that are given once, or in a column of the table, with their meaning."""

UNIT = "unit"
"""Column that a gauge table may have."""

MILLIMETRES = ("mm", "millimetre", "millimetres", "millimeter", "millimeters")
"""Accepted values of the column `unit`."""

LONGEST_MINUTES = 31 * 24 * 60
"""Longest accumulation period [min]."""


@dataclass(frozen=True)
class GaugeFormat:
    """How a gauge table is read.

    Attributes:
        period_minutes: Accumulation period [min], a multiple of 30; None: column of that name.
        time_marks: Whether `time` is the `start` or the `end` of the accumulation; None: column
            of that name.
        time_zone: Time zone of `time`, a name of the IANA data base or UTC±HH:MM; None: column of
            that name, or times that state their difference to UTC.
        columns: Names of the columns in the files, by their names in `COLUMNS`, `SETTINGS`, or
            `unit`.
    """

    period_minutes: int | None = None
    time_marks: str | None = None
    time_zone: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Gauges:
    """Accumulations of rain gauges.

    Attributes:
        stations: One row per station: station, longitude, latitude [degrees].
        rates: One row per accumulation that is not missing: station, start (UTC), rate [mm/h];
            ordered by station and start, without duplicates.
        period: Accumulation period.
        missing: Number of accumulations without a value.
        repeated: Number of rows that repeat another row and were left out.
    """

    stations: pd.DataFrame
    rates: pd.DataFrame
    period: np.timedelta64
    missing: int
    repeated: int


def read_gauges(path: Path, form: GaugeFormat, *, stations: Path | None = None) -> Gauges:
    """Read a gauge table.

    Args:
        path: CSV (also compressed) or Parquet file with the columns `COLUMNS`, and `SETTINGS` as
            far as `form` does not give them; a column `unit`, if present, must say mm. Empty
            values are missing.
        form: How the table is read.
        stations: Second table with the columns station, longitude and latitude; None if the first
            one has them.

    Raises:
        DamagedFile: A table cannot be read, lacks a column, or has a value that cannot be right.
        RainscoreError: A setting is missing, or a file does not exist.
    """
    table = _with_settings(_read(path, form.columns), path, form)
    if stations is None:
        places = positions(table, path)
    elif set(COORDINATES) & set(table):
        raise DamagedFile(path, f"it has coordinates, and so has {stations}", "give one of the two")
    else:
        places = positions(read_columns(stations, form.columns), stations)
    _check_places(table, places, stations or path)
    period = _period(table, path)
    table = table.assign(
        millimetres=_millimetres(table, path), start=utc_starts(table, path, period)
    )
    kept = _without_repetition(table, path)
    _check_spacing(kept, path, period)
    rates = kept[kept["millimetres"].notna()].reset_index(drop=True)
    if rates.empty:
        raise DamagedFile(path, "all its values are missing", "check the column millimetres")
    hours = period / np.timedelta64(1, "h")
    return Gauges(
        stations=places[places["station"].isin(rates["station"])].reset_index(drop=True),
        rates=rates[["station", "start"]].assign(rate=rates["millimetres"] / hours),
        period=period,
        missing=len(kept) - len(rates),
        repeated=len(table) - len(kept),
    )


def _read(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    """Table of accumulations with the columns under their names in `COLUMNS`."""
    known = [*COLUMNS, *SETTINGS, UNIT]
    unknown = sorted(set(columns) - set(known))
    if unknown:
        raise RainscoreError(
            f"columns of the gauge table: {', '.join(unknown)} is none; choose among "
            f"{', '.join(known)}"
        )
    table = read_columns(path, columns)
    require(table, ["station", "time", "millimetres"], path)
    for name in (*SETTINGS, UNIT):
        if name in columns and name not in table:
            raise DamagedFile(path, f"it has no column {columns[name]}", "check its name")
    return table


def _with_settings(table: pd.DataFrame, path: Path, form: GaugeFormat) -> pd.DataFrame:
    """Table with a column for each setting; `time_zone` may be absent."""
    for name, meaning in SETTINGS.items():
        value, option = getattr(form, name), f"--{name.replace('_', '-')}"
        if value is not None and name in table:
            raise DamagedFile(
                path, f"it has a column {name}, and {option} is given too", f"leave out {option}"
            )
        if value is not None:
            table = table.assign(**{name: value})
        elif name not in table and name != "time_zone":
            raise RainscoreError(
                f"{path}: the {meaning} is not stated; give {option} or a column {name}"
            )
    return table


def _check_places(table: pd.DataFrame, places: pd.DataFrame, path: Path) -> None:
    """Refuse stations without coordinates."""
    unplaced = sorted(set(table["station"]) - set(places["station"]))
    if unplaced:
        raise DamagedFile(
            path,
            f"it has no coordinates of station {some(unplaced)}",
            "add them, or remove the stations from the gauge table",
        )


def _period(table: pd.DataFrame, path: Path) -> np.timedelta64:
    """The accumulation period of a table."""
    periods = numbers(table["period_minutes"], path).unique()
    if len(periods) > 1:
        raise DamagedFile(
            path,
            f"it has accumulations of {some(f'{minutes:g}' for minutes in periods)} min",
            "give one table for each period",
        )
    minutes = float(periods[0])
    if not (30 <= minutes <= LONGEST_MINUTES and minutes % 30 == 0):
        raise DamagedFile(
            path,
            f"its accumulation period is {minutes:g} min, not a multiple of 30",
            "sum the gauges to half-hours, hours or days",
        )
    return np.timedelta64(int(minutes), "m")


def _millimetres(table: pd.DataFrame, path: Path) -> pd.Series:
    """Accumulations [mm], NaN where missing."""
    if UNIT in table:
        foreign = ~table[UNIT].isin(MILLIMETRES)
        if foreign.any():
            raise DamagedFile(
                path,
                f"the unit in row {first(foreign)} is {table[UNIT][foreign].iloc[0]!r}",
                "convert the values to mm",
            )
    values = numbers(table["millimetres"], path)
    negative = values < 0
    if negative.any():
        raise DamagedFile(
            path,
            f"millimetres in row {first(negative)} is {values[negative].iloc[0]:g}",
            "leave the cells of missing values empty",
        )
    return values


def _without_repetition(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Rows ordered by station and start, each station and start once."""
    rows = table[["station", "start", "millimetres"]].drop_duplicates()
    twice = rows.duplicated(["station", "start"], keep=False)
    if twice.any():
        station, start = rows.loc[twice, ["station", "start"]].iloc[0]
        same = (rows["station"] == station) & (rows["start"] == start)
        values = some(f"{value:g}" for value in rows.loc[same, "millimetres"])
        raise DamagedFile(
            path,
            f"station {station} has several values of the accumulation from "
            f"{start:%Y-%m-%d %H:%M} UTC: {values} mm",
            "keep one of them",
        )
    return rows.sort_values(["station", "start"]).reset_index(drop=True)


def _check_spacing(rows: pd.DataFrame, path: Path, period: np.timedelta64) -> None:
    """Refuse accumulations that overlap, as they do with a wrong period."""
    step = rows.groupby("station")["start"].diff()
    overlap = step < period
    if overlap.any():
        row = rows[overlap].iloc[0]
        distance, length = (t / np.timedelta64(1, "m") for t in (step[overlap].iloc[0], period))
        raise DamagedFile(
            path,
            f"accumulations of station {row['station']} overlap: one starts {distance:g} min after "
            f"another at {row['start']:%Y-%m-%d %H:%M} UTC, and the period is {length:g} min",
            "check the accumulation period and the names of the stations",
        )
