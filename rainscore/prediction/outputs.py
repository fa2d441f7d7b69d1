"""Score granules and write one file per scored map."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.grids import Grid
from rainscore.prediction.mapfiles import write_scored
from rainscore.prediction.scorer import Scorer
from rainscore.prediction.scoring import Results, score_files, score_globe_files
from rainscore.scores.grades import grade, percent

log = logging.getLogger("rainscore")


class Outcome(NamedTuple):
    """Result of scoring one granule.

    Attributes:
        granule: The granule file.
        written: File of the scored map; None if the granule could not be scored.
        message: One line for the user.
        dataset: The scored map; None if the granule could not be scored.
    """

    granule: Path
    written: Path | None
    message: str
    dataset: xr.Dataset | None = None


class ScoringJob(NamedTuple):
    """Granules to score in one window.

    Attributes:
        learning: Learning grid of the window; None for the whole globe.
        files: Granules to score.
        context: Granules of the hours around, which are not scored.
        history: Line of the attribute `history` of the files; by default the version only, so that
            equal maps give equal files.
    """

    learning: Grid | None
    files: Sequence[Path]
    context: Sequence[Path] = ()
    history: str = ""


def score_into(out: Path, scorer: Scorer, job: ScoringJob, form: str = "nc") -> Iterator[Outcome]:
    """Score granules in one window, or everywhere on the globe, and write a file for each.

    Args:
        out: Folder of the files.
        scorer: The scorer.
        job: Window and granules.
        form: Format of the files (`mapfiles.FORMATS`).
    """
    if job.learning is None:
        results = score_globe_files(job.files, scorer, context=job.context)
        summary = globe_summary
    else:
        results = score_files(job.files, scorer, job.learning, context=job.context)
        summary = window_summary
    return _write_each(results, out, form, summary, job.history)


def _write_each(
    results: Results,
    out: Path,
    form: str,
    summary: Callable[[xr.Dataset], str],
    history: str,
) -> Iterator[Outcome]:
    for file, result in results:
        if isinstance(result, RainscoreError):
            yield Outcome(file, None, f"{file.name}: not scored: {result}")
        else:
            if history:
                result.attrs["history"] = f"{history}\n{result.attrs['history']}"
            path = write_scored(result, file, out, form)
            message = f"{_start(result)}  {summary(result)}  → {path}{_remarks(result)}"
            yield Outcome(file, path, message, result)


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


def window_summary(dataset: xr.Dataset) -> str:
    """Map score and cluster of a scored map in one line."""
    value, low, high = (float(dataset[f"map_score{end}"]) for end in ("", "_low", "_high"))
    if np.isfinite(value):
        withheld = dataset.attrs["map_interval_withheld"]
        interval = f"(no interval: {withheld})" if withheld else f"[{low:.2f}, {high:.2f}]"
        score = f"map score {value:.2f} {interval} {grade(value)}"
    elif reason := dataset.attrs["map_score_withheld"]:
        score = f"map score withheld: {reason}"
    elif np.isfinite(dataset["precipitation"]).any():
        score = "no rain"
    else:
        score = "nothing to score, IMERG is missing here"
    cluster = float(dataset["cluster"])
    if cluster >= 0:
        label = f"cluster {cluster:.0f} ({dataset.attrs['cluster_name']})"
    else:
        label = "no cluster" if dataset.attrs["model_clusters_sha256"] else ""
    novel = ", unlike the training maps" if float(dataset["novelty"]) == 1 else ""
    outside = ", wet share not calibrated" if float(dataset["map_score_outside"]) == 1 else ""
    places = "" if dataset.attrs["map_score_withheld"] else _withheld(dataset)
    parts = [f"{score}{outside}", *filter(None, [label])]
    return f"{', '.join(parts)}{novel}{places}"


def globe_summary(dataset: xr.Dataset) -> str:
    """Number of the scored windows of the globe."""
    return f"{dataset.sizes['window']} windows{_withheld(dataset)}"


def _withheld(dataset: xr.Dataset) -> str:
    """Share of the scores that are withheld, as a part of a sentence; empty without any."""
    share = dataset.attrs.get("withheld_share", 0.0)
    if not share:
        return ""
    return f", {percent(share)} of the scores withheld: outside what the model has learnt"


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


FACTS = (
    "map_score",
    "map_score_low",
    "map_score_high",
    "map_score_outside",
    "cluster",
    "novelty",
)
"""Scalars of a scored map that `facts` contains."""

REMARKS = (
    "cluster_name",
    "version",
    "unavailable_inputs",
    "calibration_state",
    "short_margin",
    "map_score_withheld",
    "map_interval_withheld",
    "which_score",
    "product_difference",
    "learned_from",
    "verified_on",
)
"""Attributes of a scored map that `facts` contains."""


def facts(dataset: xr.Dataset) -> dict[str, str | float | None]:
    """Main results of a scored map as plain values; None is missing."""
    values: dict[str, str | float | None] = {"time": str(dataset["time"].values.astype("M8[s]"))}
    if "window" not in dataset.dims:
        for name in FACTS:
            value = float(dataset[name])
            values[name] = None if np.isnan(value) else round(value, 6)
        values["grade"] = grade(float(dataset["map_score"]))
    return values | {name: str(dataset.attrs[name]) for name in REMARKS if name in dataset.attrs}
