"""Run the clustering methods as in their papers, and append a row of results per run to a table."""

import argparse
import os
import sys
from pathlib import Path

import pandas as pd

from benchmarks.clustering.protocols import DATA, JOINT, PROTOCOLS
from benchmarks.clustering.rows import COLUMNS, KEYS, add_rows, read_rows
from benchmarks.clustering.table import write_page

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "study" / "papers.csv"
PAGE = ROOT / "docs" / "clustering.md"


def arguments() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="*", choices=DATA, default=["usps"], help="image sets")
    parser.add_argument("--methods", nargs="*", choices=PROTOCOLS, default=list(JOINT))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--device", default="auto", help="cpu, cuda, or auto: the GPU if any")
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side")
    parser.add_argument("--threads", type=int, default=1, help="processor threads of each")
    parser.add_argument("--seconds", type=float, default=1e9, help="time limit of the whole call")
    parser.add_argument("--images", type=Path, default=ROOT.parent / "shared/data/benchmarks")
    parser.add_argument("--models", type=Path, help="folder for the trained models")
    parser.add_argument("--table", type=Path, default=TABLE, help="CSV file of the rows")
    parser.add_argument("--merge", type=Path, help="add the rows of another table; run nothing")
    return parser.parse_args()


def missing_runs(options: argparse.Namespace) -> list[tuple[str, str, int]]:
    """Runs that have no row in the table, seed by seed in each image set."""
    done = set(read_rows(options.table)[KEYS].itertuples(index=False, name=None))
    return [
        (method, data, seed)
        for data in options.data
        for seed in options.seeds
        for method in options.methods
        if (data, method, seed) not in done
    ]


def run_missing(options: argparse.Namespace) -> int:
    """Run what has no row yet; return the number of failed runs."""
    # Before the processes start: libraries read it when they are loaded.
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    from benchmarks.clustering.workers import finished_rows

    runs = missing_runs(options)
    print(f"{len(runs)} runs", flush=True)
    failed = 0
    for row in finished_rows(
        runs,
        jobs=options.jobs,
        threads=options.threads,
        seconds=options.seconds,
        images=options.images,
        models=options.models,
        device=options.device,
    ):
        if isinstance(row, str):
            failed += 1
            print(row, file=sys.stderr, flush=True)
            continue
        add_rows(pd.DataFrame([row]).reindex(columns=COLUMNS), options.table)
        print("{data} {method} {seed}: ACC {acc:.3f}, {seconds:.0f} s".format(**row), flush=True)
    return failed


def main() -> None:
    """Run or merge, then rewrite the tables of the documentation page if its table has changed."""
    options = arguments()
    failed = 0
    if options.merge:
        add_rows(read_rows(options.merge), options.table)
    else:
        failed = run_missing(options)
    if options.table == TABLE:
        write_page(TABLE, PAGE)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
