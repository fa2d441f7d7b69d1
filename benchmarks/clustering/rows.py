"""The table of results: one small file a run, gathered whenever one is new."""

from pathlib import Path

import pandas as pd

from rainscore.io import write_text

COLUMNS = [
    "method",
    "data",
    "seed",
    "acc",
    "nmi",
    "ari",
    "purity",
    "published_acc",
    "published_nmi",
    "protocol",
]


def write_row(row: dict, path: Path, table: Path) -> None:
    """Write a run's row, then gather all rows that exist; rows of runs made elsewhere stay.

    Args:
        row: Values of `COLUMNS`.
        path: CSV file of this row.
        table: CSV file of all.
    """
    write_text(pd.DataFrame([row], columns=COLUMNS).to_csv(index=False), path)
    known = [pd.read_csv(table)] if table.exists() else []
    found = [pd.read_csv(file) for file in sorted(path.parent.parent.glob("*/*.csv"))]
    rows = pd.concat(known + found).drop_duplicates(["data", "method", "seed"], keep="last")
    ordered = rows.sort_values(["data", "method", "seed"])
    write_text(ordered.round(4).to_csv(index=False), table)
