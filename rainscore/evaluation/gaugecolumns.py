"""Columns of gauge tables: reading, numbers, and positions of stations, each checked."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from rainscore.errors import DamagedFile, RainscoreError

COORDINATES = ("longitude", "latitude")

UNREADABLE = (ValueError, OSError, pa.ArrowException, pd.errors.ParserError)
"""What pandas and pyarrow raise for a file that is neither CSV nor Parquet."""


def read_columns(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    """Read a CSV (also compressed) or Parquet file; stations as text, other columns as they are.

    Args:
        path: File.
        columns: Names of the columns in the file by the names that they get; those that the file
            does not have are ignored.

    Raises:
        RainscoreError: There is no such file.
        DamagedFile: The file cannot be read, or a column would get the name of another.
    """
    if not path.is_file():
        raise RainscoreError(f"{path}: there is no such gauge table")
    try:
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
        else:
            table = pd.read_csv(path, dtype=str, skipinitialspace=True)
    except UNREADABLE as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise DamagedFile(
            path, f"it cannot be read ({reason})", "give a CSV file in UTF-8, or a Parquet file"
        ) from error
    renamed = {old: new for new, old in columns.items() if old in table and old != new}
    taken = sorted(new for new in renamed.values() if new in table)
    if taken:
        raise DamagedFile(
            path,
            f"another column is named {', '.join(taken)} already",
            "remove that column, or do not rename another to it",
        )
    table = table.rename(columns=renamed)
    if "station" in table:
        blank = table["station"].isna() | (table["station"].astype(str).str.strip() == "")
        if blank.any():
            raise DamagedFile(path, f"row {first(blank)} has no station", "name the station")
        table = table.assign(station=table["station"].astype(str).str.strip())
    return table


def require(table: pd.DataFrame, names: list[str], path: Path) -> None:
    """Refuse a table without some columns or without rows."""
    absent = [name for name in names if name not in table]
    if absent:
        hint = " (are they separated by commas?)" if len(table.columns) == 1 else ""
        raise DamagedFile(
            path,
            f"it has no column {', '.join(absent)}, but {some(map(str, table.columns))}{hint}",
            "rename the columns, or say which they are: --columns station=CODE time=DATE",
        )
    if table.empty:
        raise DamagedFile(path, "it has no rows", "check the table")


def numbers(column: pd.Series, path: Path) -> pd.Series:
    """Column as float64, NaN where empty."""
    values = pd.to_numeric(column, errors="coerce").astype(np.float64)
    wrong = (values.isna() & column.notna()) | np.isinf(values)
    if wrong.any():
        raise DamagedFile(
            path,
            f"{column.name} in row {first(wrong)} is {column[wrong].iloc[0]!r}, not a number",
            "write numbers with a point, and leave the cells of missing values empty",
        )
    return values


def positions(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """One row per station: station, longitude, latitude."""
    require(table, ["station", *COORDINATES], path)
    rows = table[["station", *COORDINATES]].assign(
        **{name: numbers(table[name], path) for name in COORDINATES}
    )
    rows = rows.drop_duplicates().reset_index(drop=True)
    missing = rows[list(COORDINATES)].isna().any(axis=1)
    if missing.any():
        name = rows["station"][missing].iloc[0]
        raise DamagedFile(path, f"station {name} lacks a coordinate", "add it")
    for name, limit in (("latitude", 90), ("longitude", 180)):
        outside = rows[name].abs() > limit
        if outside.any():
            station, value = rows.loc[outside, ["station", name]].iloc[0]
            raise DamagedFile(
                path,
                f"the {name} of station {station} is {value:g}, outside −{limit} to {limit}",
                "check whether longitude and latitude are swapped",
            )
    several = rows["station"].duplicated()
    if several.any():
        raise DamagedFile(
            path,
            f"station {rows['station'][several].iloc[0]} has several coordinates",
            "give a station that was moved two names",
        )
    return rows


def first(rows: pd.Series) -> int:
    """Number of the first row that is true, from 1."""
    return int(np.argmax(rows.to_numpy())) + 1


def some(names: Iterable[str]) -> str:
    """Up to five names as text."""
    listed = list(names)
    return ", ".join(listed[:5]) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")
