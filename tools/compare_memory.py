"""Compare the memory that the jobs of a run requested with what they used.

Prints a Markdown table with a row per rule. The used memory is the largest resident memory of the
script in the benchmark files of the run; on Slurm, the two Snakemake processes of a job come on top
of it and are part of the request (`SNAKEMAKE_MEMORY` in rules/common.smk).
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd

from rainscore.paths import CHECKOUT


def requested(dry_run: str) -> dict[str, int]:
    """Largest memory request of each rule [MB].

    Args:
        dry_run: Output of `snakemake --dry-run --forceall`.
    """
    requests: dict[str, int] = {}
    for block in re.split(r"^(?=(?:local)?rule \w+:$)", dry_run, flags=re.MULTILINE)[1:]:
        # Every block begins with a rule.
        name = re.match(r"(?:local)?rule (\w+):", block)[1]  # type: ignore[index]  # a job has a rule
        if match := re.search(r"\bmem_mb=(\d+)", block):
            requests[name] = max(int(match[1]), requests.get(name, 0))
    return requests


def used(logs: Path) -> dict[str, float]:
    """Largest resident memory of the script of each rule [MB], from its benchmark files."""
    largest: dict[str, float] = {}
    for path in logs.rglob("*.tsv"):
        rule = path.relative_to(logs).parts[0].removesuffix(".tsv")
        memory = pd.read_csv(path, sep="\t", na_values="-")["max_rss"].max()
        # A script of less than a second has no value.
        largest[rule] = max(0.0 if pd.isna(memory) else float(memory), largest.get(rule, 0.0))
    return largest


def compare(dry_run: str, logs: Path) -> pd.DataFrame:
    """Table of the rules of a run.

    Returns:
        Columns rule, requested and used [MB], sorted by the largest share used.
    """
    requests = requested(dry_run)
    rows = [
        {"rule": rule, "requested": requests[rule], "used": round(memory)}
        for rule, memory in used(logs).items()
        if rule in requests
    ]
    table = pd.DataFrame(rows)
    return table.sort_values(
        "used", ascending=False, key=lambda memory: memory / table["requested"], ignore_index=True
    )


def main() -> None:
    """Print the table of a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logs", type=Path, nargs="?", default=Path("logs"))
    parser.add_argument("--configfile", nargs="+", default=[])
    options = parser.parse_args()
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--forceall", "--cores", "8"]
    if options.configfile:
        command += ["--configfile", *options.configfile]
    run = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    print("| rule | requested [MB] | used by the script [MB] |\n|---|---|---|")
    for row in compare(run.stdout + run.stderr, options.logs).itertuples():
        print(f"| {row.rule} | {row.requested} | {row.used} |")


if __name__ == "__main__":
    main()
