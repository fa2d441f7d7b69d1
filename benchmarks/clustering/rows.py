"""Table of results: one row per method, image set and seed."""

from pathlib import Path

import pandas as pd

from rainscore.io import write_text

KEYS = ["data", "method", "seed"]
MEASURES = ["acc", "nmi", "ari", "purity", "acc_start", "nmi_start"]
COLUMNS = [*KEYS, *MEASURES, "steps", "seconds", "device", "protocol"]


def read_rows(table: Path) -> pd.DataFrame:
    """Rows of the table, with the columns `COLUMNS`; none if there is no file."""
    return pd.read_csv(table) if table.exists() else pd.DataFrame(columns=COLUMNS)


def add_rows(new: pd.DataFrame, table: Path) -> None:
    """Add rows to the table, in place of those of the same method, image set and seed.

    Args:
        new: Rows with the columns `COLUMNS`.
        table: CSV file; it is replaced as a whole, so that an interruption leaves no partial row.
    """
    rows = pd.concat([part for part in (read_rows(table), new) if len(part)])
    rows = rows.drop_duplicates(KEYS, keep="last").sort_values(KEYS)
    rows[MEASURES] = rows[MEASURES].astype(float).round(4)
    rows["seconds"] = rows["seconds"].astype(float).round()
    rows["steps"] = rows["steps"].astype("Int64")
    table.parent.mkdir(parents=True, exist_ok=True)
    write_text(rows[COLUMNS].to_csv(index=False), table)
