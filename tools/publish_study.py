"""Copy a run's tables (CSV) and figures (SVG) to a folder that is part of the repository."""

import argparse
import platform
import shutil
import subprocess
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
        "# Tables and figures of the study\n\n"
        f"`make study` at commit {commit.stdout.strip()}, on {machine()}, Python "
        f"{platform.python_version()}. A simulated world: its numbers say nothing about the real "
        "IMERG. `papers.csv` and `desom_usps.png` are of `benchmarks/clustering`, `world.csv` and "
        "`world_year.svg` of `make world`. Figures above 1 MB (the cases) stay in the run.\n"
    )


if __name__ == "__main__":
    main()
