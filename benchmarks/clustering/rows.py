"""Table of results: one file per run, merged into one table after each run."""

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
    """Write the row of a run, then merge all rows into the table; other rows of the table are kept.

    Args:
        row: Values of `COLUMNS`.
        path: CSV file of this row.
        table: CSV file of all rows.
    """
    write_text(pd.DataFrame([row], columns=COLUMNS).to_csv(index=False), path)
    existing = [pd.read_csv(table)] if table.exists() else []
    new = [pd.read_csv(file) for file in sorted(path.parent.parent.glob("*/*.csv"))]
    rows = pd.concat(existing + new).drop_duplicates(["data", "method", "seed"], keep="last")
    ordered = rows.sort_values(["data", "method", "seed"])
    write_text(ordered.round(4).to_csv(index=False), table)
