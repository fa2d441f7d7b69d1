"""Score granules and write one NetCDF file per scored map."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.grids import Grid
from rainscore.io import write_netcdf
from rainscore.prediction.scorer import Scorer
from rainscore.prediction.scoring import Results, score_files, score_globe_files

log = logging.getLogger("rainscore")

SUFFIXES = (".HDF5", ".RT-H5", ".nc4", ".dap", ".nc")
"""Suffixes that are removed from the names of granules."""


class Outcome(NamedTuple):
    """Result of scoring one granule.

    Attributes:
        granule: The granule file.
        written: NetCDF file of the scored map; None if the granule could not be scored.
        message: One line for the user.
    """

    granule: Path
    written: Path | None
    message: str


class ScoringJob(NamedTuple):
    """Granules to score in one window.

    Attributes:
        learning: Learning grid of the window.
        files: Granules to score.
        context: Granules of the hours around, which are not scored.
    """

    learning: Grid
    files: Sequence[Path]
    context: Sequence[Path] = ()


def score_into(out: Path, scorer: Scorer, job: ScoringJob) -> Iterator[Outcome]:
    """Score granules in one window and write a NetCDF file for each.

    Args:
        out: Folder of the NetCDF files.
        scorer: The scorer.
        job: Window and granules.
    """
    results = score_files(job.files, scorer, job.learning, context=job.context)
    return _write_each(results, out, window_summary)


def score_globes_into(out: Path, scorer: Scorer, files: Sequence[Path]) -> Iterator[Outcome]:
    """Score whole-globe granules and write a NetCDF file for each.

    Args:
        out: Folder of the NetCDF files.
        scorer: The scorer.
        files: Granules to score.
    """
    return _write_each(score_globe_files(files, scorer), out, globe_summary)


def _write_each(
    results: Results, out: Path, summary: Callable[[xr.Dataset], str]
) -> Iterator[Outcome]:
    for file, result in results:
        if isinstance(result, RainscoreError):
            yield Outcome(file, None, f"{file.name}: not scored: {result}")
        else:
            path = write_scored(result, file, out)
            message = f"{_start(result)}  {summary(result)}  → {path}{_remarks(result)}"
            yield Outcome(file, path, message)


def score_all(out: Path, scorer: Scorer, jobs: Sequence[ScoringJob]) -> None:
    """Score the granules of several jobs and log one line for each.

    Args:
        out: Folder of the NetCDF files.
        scorer: The scorer.
        jobs: Windows and granules.

    Raises:
        RainscoreError: A granule cannot be scored; the others are written first.
    """
    out.mkdir(parents=True, exist_ok=True)
    failed = []
    for job in jobs:
        for outcome in score_into(out, scorer, job):
            if outcome.written:
                log.info("%s", outcome.message)
            else:
                log.error("%s", outcome.message)
                failed.append(outcome.message)
    if failed:
        raise RainscoreError("; ".join(failed))


def write_scored(dataset: xr.Dataset, granule: Path, folder: Path) -> Path:
    """Write a scored map as NetCDF, named by its granule and the start of its half-hour.

    Args:
        dataset: The scored map.
        granule: The granule file.
        folder: Folder to write into.

    Returns:
        Path of the file.
    """
    start = pd.Timestamp(dataset["time"].item()).strftime("%Y%m%d-S%H%M%S")
    name = granule.name
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    path = folder / (f"{name}.nc" if start in name else f"{name}.{start}.nc")
    write_netcdf(dataset, path)
    return path


def window_summary(dataset: xr.Dataset) -> str:
    """Map score and cluster of a scored map in one line."""
    value, low, high = (float(dataset[f"map_score{end}"]) for end in ("", "_low", "_high"))
    if np.isfinite(value):
        withheld = dataset.attrs["map_interval_withheld"]
        interval = f"(no interval: {withheld})" if withheld else f"[{low:.2f}, {high:.2f}]"
        score = f"map score {value:.2f} {interval}"
    elif np.isfinite(dataset["precipitation"]).any():
        score = "no rain"
    else:
        score = "nothing to score, IMERG is missing here"
    cluster = float(dataset["cluster"])
    if cluster >= 0:
        label = f"cluster {cluster:.0f} ({dataset.attrs['cluster_name']})"
    else:
        label = "no cluster"
    novel = ", unlike the training maps" if float(dataset["novelty"]) == 1 else ""
    outside = ", wet share not calibrated" if float(dataset["map_score_outside"]) == 1 else ""
    return f"{score}{outside}, {label}{novel}"


def globe_summary(dataset: xr.Dataset) -> str:
    """Number of the scored windows of the globe."""
    return f"{dataset.sizes['window']} windows"


def _start(dataset: xr.Dataset) -> str:
    return pd.Timestamp(dataset["time"].item()).strftime("%Y-%m-%d %H:%M")


def _remarks(dataset: xr.Dataset) -> str:
    """Unavailable inputs, short margins, and the difference of the product to the training's."""
    unavailable = dataset.attrs["unavailable_inputs"]
    difference = dataset.attrs["product_difference"]
    remarks = f" (unavailable: {unavailable})" if unavailable else ""
    if margin := dataset.attrs.get("short_margin"):
        remarks += f" (margin in the file: {margin})"
    return remarks + (f" (warning: {difference})" if difference else "")
