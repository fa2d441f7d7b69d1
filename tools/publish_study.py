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
    "choice/evidence.parquet",
    "analysis/conditions.parquet",
    "clusters/methods.parquet",
    "world/rain.parquet",
    "world/satellite.parquet",
)
KEPT_FILES = (
    "papers.csv",
    "desom_usps.png",
    "world.csv",
    "world_year.svg",
    "real_radar_scores.csv",
    "perfect_by_pixel_size.csv",
)
"""Files in the folder from `benchmarks` and `make world`; they are kept."""

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
    parser.add_argument("out", type=Path, help="folder of the copies, such as docs/study")
    options = parser.parse_args()
    results = options.run / "results"
    options.out.mkdir(parents=True, exist_ok=True)
    for old in options.out.iterdir():
        if old.name not in KEPT_FILES:
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
        "real IMERG. In brackets: 95 % intervals from resampled days.\n\n"
        f"## Skill on the held-out days\n{skill_table(options.out)}\n"
        f"## Coverage of the 90 % interval\n{coverage_table(options.out)}\n"
        f"## U-Nets with fewer inputs or other training data\n{ablation_table(options.out)}\n"
        f"## Clusters of maps\n{clusters_table(options.out)}\n"
        "`papers.csv` and `desom_usps.png` are results of `benchmarks/clustering`, `world.csv` and "
        "`world_year.svg` of `make world`, `real_radar_scores.csv` and `perfect_by_pixel_size.csv` "
        "of `python benchmarks/score_evidence.py --out docs/study` on real radar sequences, all "
        "other files of the study. Figures above 1 MB (the cases) are not included.\n"
    )


def skill_table(folder: Path) -> str:
    """Return the skill of each method, best first, and the U-Net's skill relative to it."""
    skill = pd.read_csv(folder / "skill.csv").query("split == 'all'")
    paired = pd.read_csv(folder / "paired.csv").query("split == 'all' and method == 'U-Net'")
    gain = paired.set_index("other")
    values = skill.set_index(["method", "measure"])[["value", "low", "high"]]
    order = skill.query("measure == 'crps_skill'").sort_values("value", ascending=False).method
    rows = [
        [
            method,
            *(interval(values.loc[(method, measure)]) for measure in SKILL),
            interval(gain.loc[method, ["skill", "skill_low", "skill_high"]])
            if method in gain.index
            else "",
        ]
        for method in order
    ]
    return markdown(["method", *SKILL.values(), "CRPS skill of the U-Net relative to it"], rows)


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
