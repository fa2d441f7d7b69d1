"""What a run cost, by stage and rule: jobs, time, processor time, memory and disk.

Prints two Markdown tables from the benchmark files (`logs`) and the results of a run. Times are
those of the last time that a job ran.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from rainscore.io import read_table
from rainscore.paths import CHECKOUT

MONTH = re.compile(r"\d{4}-\d{2}")
"""Name of the benchmark of a job of a month."""


def stages() -> dict[str, str]:
    """Stage of each rule: the name of the file in `rules` that defines it."""
    return {
        rule: path.stem
        for path in sorted((CHECKOUT / "rules").glob("*.smk"))
        for rule in re.findall(r"^ *rule (\w+):$", path.read_text(), flags=re.MULTILINE)
    }


def jobs(logs: Path) -> pd.DataFrame:
    """Cost of each job of a run.

    Args:
        logs: Folder of the benchmark files.

    Returns:
        One row per job: stage, rule, month (empty for a job of all months), wall and cpu [s],
        memory [MB] (NaN for a job of less than a second).
    """
    stage_of = stages()
    rows = []
    for path in sorted(logs.rglob("*.tsv")):
        rule = path.relative_to(logs).parts[0].removesuffix(".tsv")
        if rule not in stage_of:
            continue
        last = pd.read_csv(path, sep="\t", na_values="-").iloc[-1]
        month = path.stem if MONTH.fullmatch(path.stem) else ""
        rows.append(
            (stage_of[rule], rule, month, last["s"], last["cpu_time"], float(last["max_rss"]))
        )
    return pd.DataFrame(rows, columns=["stage", "rule", "month", "wall", "cpu", "memory"])


def costs(table: pd.DataFrame, half_hours: int) -> pd.DataFrame:
    """Cost of each rule and stage.

    Args:
        table: Result of `jobs`.
        half_hours: Number of half-hours of the run.

    Returns:
        One row per rule, those of a stage after their sum (rule: empty), the largest first: stage,
        rule, jobs, wall and cpu [s], per_map (processor time [ms] per half-hour), memory (largest
        [MB]), growth (memory of the last month divided by that of the first; NaN without months).
    """

    def row(stage: str, rule: str, part: pd.DataFrame) -> dict[str, object]:
        by_month = part[part["month"] != ""].sort_values("month")["memory"]
        growth = by_month.iloc[-1] / by_month.iloc[0] if rule and len(by_month) else float("nan")
        cpu = part["cpu"].sum()
        return {
            "stage": stage, "rule": rule, "jobs": len(part), "wall": part["wall"].sum(),
            "cpu": cpu, "per_map": 1000 * cpu / half_hours, "memory": part["memory"].max(),
            "growth": growth,
        }  # fmt: skip

    rows = []
    by_stage = table.groupby("stage")["cpu"].sum().sort_values(ascending=False)
    for stage in map(str, by_stage.index):
        part = table[table["stage"] == stage]
        rows.append(row(stage, "", part))
        by_rule = part.groupby("rule")["cpu"].sum().sort_values(ascending=False)
        rows += [row(stage, rule, part[part["rule"] == rule]) for rule in map(str, by_rule.index)]
    return pd.DataFrame(rows)


def sizes(results: Path) -> dict[str, int]:
    """Size of each folder and file of the results [bytes], the largest first."""
    found = {
        path.name: sum(file.stat().st_size for file in [path, *path.rglob("*")] if file.is_file())
        for path in results.iterdir()
    }
    return dict(sorted(found.items(), key=lambda entry: -entry[1]))


def report(table: pd.DataFrame, disk: dict[str, int]) -> Iterator[str]:
    """Lines of the two Markdown tables.

    Args:
        table: Result of `costs`.
        disk: Result of `sizes`.
    """
    yield "| stage, rule | jobs | wall [s] | processor [s] | per map [ms] | memory [MB] | growth |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    formats = {"memory": ".0f", "growth": ".2f"}
    text = {
        name: table[name].map(lambda value, form=form: f"{value:{form}}", na_action="ignore")
        for name, form in formats.items()
    }
    for row in table.assign(**text).fillna("").to_dict("records"):
        name = f"`{row['rule']}`" if row["rule"] else f"**{row['stage']}**"
        yield (
            f"| {name} | {row['jobs']} | {row['wall']:.0f} | {row['cpu']:.0f} | "
            f"{row['per_map']:.1f} | {row['memory']} | {row['growth']} |"
        )
    yield ""
    yield "| results | GB |"
    yield "|---|--:|"
    for name, size in disk.items():
        yield f"| {name} | {size / 1e9:.2f} |"
    yield f"| all | {sum(disk.values()) / 1e9:.2f} |"


def main() -> None:
    """Print the tables of a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(), help="folder of the run")
    options = parser.parse_args()
    results = options.folder / "results"
    half_hours = len(read_table(results / "splits.parquet"))
    table = costs(jobs(options.folder / "logs"), half_hours)
    print("\n".join(report(table, sizes(results))))


if __name__ == "__main__":
    main()
