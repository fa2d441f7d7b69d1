"""Tables of the report: values joined with their intervals, long tables made wide."""

import pandas as pd

from rainscore.report.numbers import MISSING, count, intervals


def pivot(table: pd.DataFrame, *, index: str, columns: str) -> pd.DataFrame:
    """Make a long table wide; each cell holds a value with its interval, '0.31 [0.27, 0.36]'.

    Rows and columns keep the order of their first appearance; an absent cell is a dash.

    Args:
        table: Long table with columns `index`, `columns`, value, low, high.
        index: Column whose values become the rows.
        columns: Column whose values become the columns.
    """
    parts = [merge_intervals(part)["value"] for _, part in table.groupby(columns)]
    cells = table.assign(cell=pd.concat(parts) if parts else MISSING)
    wide = cells.pivot(index=index, columns=columns, values="cell")
    wide = wide.reindex(index=table[index].unique(), columns=table[columns].unique())
    return wide.fillna(MISSING).rename_axis(columns=None).reset_index()


def merge_intervals(frame: pd.DataFrame) -> pd.DataFrame:
    """Join each value with its interval into one text column, with the same decimals in all rows.

    Columns X, X_low, X_high become X; columns value, low, high become value.
    """
    frame = frame.copy()
    for name in list(frame.columns):
        low, high = ("low", "high") if name == "value" else (f"{name}_low", f"{name}_high")
        if low in frame and high in frame:
            frame[name] = intervals(*(frame[column].tolist() for column in (name, low, high)))
            frame = frame.drop(columns=[low, high])
    return frame


def largest_sample(rows: pd.DataFrame, unit: str, column: str = "n") -> str:
    """Return the largest sample size of a table's rows as text; zero where it has no row.

    Args:
        rows: Table with columns `column` and days.
        unit: What is counted.
        column: Column that holds the sample size.
    """
    return f"{count(rows[column].to_numpy().max(initial=0))} {unit}, {largest_days(rows)} days"


def largest_days(rows: pd.DataFrame) -> int:
    """Return the largest number of days of a table's rows; zero where it has no row."""
    return int(rows["days"].to_numpy().max(initial=0))
