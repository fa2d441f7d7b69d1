"""Copy a run's tables (CSV) and figures (SVG) to a folder that is part of the repository."""

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
FROM_ELSEWHERE = ("papers.csv", "desom_usps.png", "world.csv", "world_year.svg")
"""Made by `benchmarks/clustering` and by `make world`."""

LARGEST = 1_000_000
"""Figures above it stay in the run [bytes]."""

SKILL = {
    "crps_skill": "CRPS skill",
    "mae": "MAE",
    "rank_correlation": "rank correlation",
    "coverage": "coverage",
    "width": "width",
}
CLUSTERS = {
    ("stability_days", "train"): "ARI on other days",
    ("stability_days_over_null", "train"): "less that without clusters",
    ("crps_skill", "test"): "CRPS skill, map score",
    ("crps_skill_over_kmeans", "test"): "less k-means'",
    ("ari_regimes", "test"): "ARI, true regimes",
}
COVERED = ("all", "season", "source", "rain", "map")


def main() -> None:
    """Copy, and say from which commit, machine and command the numbers are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder of the run, such as runs/study")
    parser.add_argument("out", type=Path, help="where the copies go, such as docs/study")
    options = parser.parse_args()
    results = options.run / "results"
    options.out.mkdir(parents=True, exist_ok=True)
    for old in options.out.iterdir():
        if old.name not in FROM_ELSEWHERE:
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
        if figure.stat().st_size < LARGEST:
            shutil.copy(figure, options.out)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    )
    (options.out / "README.md").write_text(
        "# The study\n\n"
        f"`make study` at commit {commit.stdout.strip()}, on {machine()}, Python "
        f"{platform.python_version()}. A simulated world: its numbers say nothing about the real "
        "IMERG. In brackets 95 % intervals over resampled days.\n\n"
        f"## Skill on the held-out days\n{skill_table(options.out)}\n"
        f"## Coverage of the 90 % interval\n{coverage_table(options.out)}\n"
        f"## U-Nets that were not shown or taught all\n{ablation_table(options.out)}\n"
        f"## Clusters of maps\n{clusters_table(options.out)}\n"
        "`papers.csv` and `desom_usps.png` are of `benchmarks/clustering`, `world.csv` and "
        "`world_year.svg` of `make world`; all else is of the study. Figures above 1 MB (the "
        "cases) stay in the run.\n"
    )


def skill_table(folder: Path) -> str:
    """Skill of each method over all windows, the best first, and the U-Net's gain over it."""
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
    return markdown(["method", *SKILL.values(), "U-Net's CRPS skill over it"], rows)


def coverage_table(folder: Path) -> str:
    """Coverage in each group that an aim is set for."""
    table = pd.read_csv(folder / "coverage.csv").query("kind in @COVERED")
    rows = [
        [row.kind, row.group, interval([row.coverage, row.low, row.high]), str(row.days)]
        for row in table.itertuples()
    ]
    return markdown(["", "group", "covered", "days"], rows)


def ablation_table(folder: Path) -> str:
    """How much larger the CRPS of each variant is than that of the run's U-Net [%]."""
    table = pd.read_csv(folder / "ablation.csv").query("measure == 'crps'")
    rows = []
    for row in table.itertuples():
        bounds = [row.difference, row.difference_low, row.difference_high]
        share = [100 * part / (row.value - row.difference) for part in bounds]
        rows.append([row.variant, f"{row.value:.4f}", interval(share, 1), str(row.days)])
    return markdown(["U-Net", "CRPS", "above the run's U-Net [%]", "days"], rows)


def clusters_table(folder: Path) -> str:
    """What each clustering finds again, and tells; means over the seeds."""
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
    """A value and its bounds; a dash where there is none."""
    value, low, high = numbers
    return "–" if math.isnan(value) else f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def markdown(heads: list[str], rows: list[list[str]]) -> str:
    """A table of Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


if __name__ == "__main__":
    main()
