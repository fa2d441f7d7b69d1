"""Copy the tables (CSV) and figures (SVG) of a run to a folder of the repository."""

import argparse
import math
import platform
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from benchmarks.run import machine

TABLES = (
    "evaluation/skill.parquet",
    "evaluation/paired.parquet",
    "evaluation/coverage.parquet",
    "evaluation/importance.parquet",
    "evaluation/reliability.parquet",
    "evaluation/ablation.parquet",
    "evaluation/latent_sizes.parquet",
    "evaluation/transfer.parquet",
    "evaluation/codes.parquet",
    "choice/evidence.parquet",
    "analysis/conditions.parquet",
    "clusters/methods.parquet",
    "world/rain.parquet",
    "world/satellite.parquet",
)
MAX_BYTES = 1_000_000
"""Larger figures are not copied."""

SKILL = {
    "crps_skill": "CRPS skill",
    "mae": "MAE",
    "rank_correlation": "rank correlation",
    "coverage": "coverage",
    "width": "width",
}
CLUSTERS = {
    ("stability_days", "train"): "stability (ARI over resampled days)",
    ("crps_skill", "test"): "CRPS skill, map score",
    ("crps_skill_over_kmeans", "test"): "difference from k-means",
    ("ari_regimes", "test"): "ARI, true regimes",
}
COVERED = ("all", "season", "source", "rain", "inputs", "map", "map inputs")


def main() -> None:
    """Copy the files and write a page with their commit, machine, command and main tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder of the run, such as runs/study")
    parser.add_argument("out", type=Path, help="folder of the copies, which is emptied before")
    options = parser.parse_args()
    results = options.run / "results"
    options.out.mkdir(parents=True, exist_ok=True)
    for old in options.out.iterdir():
        old.unlink()
    of_clusters = [
        path.relative_to(results)
        for kind in ("labels", "coverage")
        for path in sorted(results.glob(f"clusters/*_{kind}.parquet"))
    ]
    for name in (*TABLES, *of_clusters):
        path = results / name
        pd.read_parquet(path).to_csv(
            options.out / f"{path.stem}.csv", index=False, float_format="%.5g"
        )
    for figure in results.glob("figures/*.svg"):
        if figure.stat().st_size < MAX_BYTES:
            shutil.copy(figure, options.out)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    )
    (options.out / "README.md").write_text(
        "# The study\n\n"
        f"`make study` at commit {commit.stdout.strip()}, on {machine()}, Python "
        f"{platform.python_version()}. The data are simulated: the numbers do not describe the "
        "real IMERG. In brackets: 95 % intervals from resampled blocks of two days.\n\n"
        f"## Skill on the held-out days\n{skill_table(options.out, 'all')}\n"
        f"## Skill for the score of whole maps\n{skill_table(options.out, 'map')}\n"
        f"## Skill in unseen worlds\n{transfer_table(options.out)}\n"
        f"## Coverage of the 90 % interval\n{coverage_table(options.out)}\n"
        f"## U-Nets with fewer inputs or other training data\n{ablation_table(options.out)}\n"
        f"## Clusters of maps\n{clusters_table(options.out)}\n"
        f"Figures above {MAX_BYTES / 1e6:.0f} MB (the cases) are not included.\n"
    )


def skill_table(folder: Path, split: str) -> str:
    """Return the skill of each method, best first, and the U-Net's skill relative to it."""
    skill = pd.read_csv(folder / "skill.csv").query("split == @split")
    paired = pd.read_csv(folder / "paired.csv")
    paired = paired.query("split == @split and method == 'U-Net'")
    gain = paired.set_index("other")
    values = skill.set_index(["method", "measure"])[["value", "low", "high"]]
    order = skill.query("measure == 'crps_skill'").sort_values("value", ascending=False).method
    rows = [
        [
            method,
            *(
                interval(values.loc[(method, measure)]) if (method, measure) in values.index else ""
                for measure in SKILL
            ),
            interval(gain.loc[method, ["skill", "skill_low", "skill_high"]])
            if method in gain.index
            else "",
        ]
        for method in order
    ]
    return markdown(["method", *SKILL.values(), "CRPS skill of the U-Net relative to it"], rows)


def transfer_table(folder: Path) -> str:
    """Return CRPS skill and coverage of each method, at home and in unseen worlds together."""
    table = pd.read_csv(folder / "transfer.csv").query("split == 'all' and case == 'all'")
    values = table.set_index(["kind", "method", "measure"])[["value", "low", "high"]]
    measures = {
        "crps_skill": "CRPS skill",
        "unet_crps_skill": "that of the U-Net relative to it",
        "coverage": "coverage",
    }
    rows = [
        [
            *key,
            *(
                interval(values.loc[(*key, name)]) if (*key, name) in values.index else ""
                for name in measures
            ),
        ]
        for key in dict.fromkeys(zip(table["kind"], table["method"], strict=True))
    ]
    return markdown(["", "method", *measures.values()], rows)


def coverage_table(folder: Path) -> str:
    """Return the coverage in each group that has a target."""
    table = pd.read_csv(folder / "coverage.csv").query("kind in @COVERED")
    rows = [
        [row.kind, row.group, interval([row.coverage, row.low, row.high]), str(row.days)]
        for row in table.itertuples()
    ]
    return markdown(["", "group", "covered", "days"], rows)


def ablation_table(folder: Path) -> str:
    """Return the CRPS of each variant and its excess over that of the run's U-Net [%]."""
    table = pd.read_csv(folder / "ablation.csv").query("measure == 'crps'")
    rows = []
    for row in table.itertuples():
        bounds = [row.difference, row.difference_low, row.difference_high]
        share = [100 * part / (row.value - row.difference) for part in bounds]
        rows.append([row.variant, f"{row.value:.4f}", interval(share, 1), str(row.days)])
    return markdown(["U-Net", "CRPS", "excess over the run's U-Net [%]", "days"], rows)


def clusters_table(folder: Path) -> str:
    """Return stability and skill of each clustering method, means over the seeds."""
    table = pd.read_csv(folder / "methods.csv").query("seed == -1")
    values = table.set_index(["measure", "group", "method"])[["value", "low", "high"]]
    rows = [
        [
            method,
            *(
                interval(values.loc[(*key, method)]) if (*key, method) in values.index else "–"
                for key in CLUSTERS
            ),
        ]
        for method in table["method"].unique()
    ]
    return markdown(["", *CLUSTERS.values()], rows)


def interval(numbers: Iterable[float], digits: int = 3) -> str:
    """Return a value with its interval, a dash where the value is missing."""
    value, low, high = numbers
    return "–" if math.isnan(value) else f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def markdown(heads: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


if __name__ == "__main__":
    main()
