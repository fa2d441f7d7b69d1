"""Scoring new maps into files: where, under which name, and which of the held-out ones."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.grids import Grid, imerg_cells, window_grid
from rainscore.io import write_netcdf
from rainscore.prediction.globe import score_globe_files
from rainscore.prediction.scorer import Scorer
from rainscore.prediction.scoring import score_files

log = logging.getLogger("rainscore")


def score_into(
    out: Path,
    scorer: Scorer,
    learning: Grid,
    files: Sequence[Path],
    *,
    context: Sequence[Path] = (),
    draw: Callable[[xr.Dataset, Path], None] | None = None,
) -> Iterator[tuple[str, bool]]:
    """Score granules into a folder, one NetCDF file each.

    Args:
        out: Folder to write into.
        scorer: Models of a run.
        learning: Learning grid of the window.
        files: Granules to score.
        context: Granules around them in time.
        draw: Called with each scored map and the path of its picture, next to the NetCDF file.

    Yields:
        A line about each granule, and whether it could be scored.
    """
    for file, result in score_files(files, scorer, learning, context=context):
        if isinstance(result, RainscoreError):
            yield f"{file.name}: not scored: {result}", False
            continue
        path = write_scored(result, file, out)
        if draw is not None:
            draw(result, path.with_suffix(".png"))
        yield summary(result, path), True


def score_globes_into(
    out: Path, scorer: Scorer, files: Sequence[Path]
) -> Iterator[tuple[str, bool]]:
    """Score whole-globe granules into a folder, a NetCDF each; yields as `score_into`."""
    for file, result in score_globe_files(files, scorer):
        if isinstance(result, RainscoreError):
            yield f"{file.name}: not scored: {result}", False
            continue
        path = write_scored(result, file, out)
        time = pd.Timestamp(result["time"].item()).strftime("%Y-%m-%d %H:%M")
        yield f"{time}  {result.sizes['window']} windows  → {path}{_remarks(result)}", True


def score_all(
    out: Path, scorer: Scorer, parts: Sequence[tuple[Grid, Sequence[Path], Sequence[Path]]]
) -> None:
    """Score several lists of granules (grid, files, context), each on its own grid.

    Raises:
        RainscoreError: A granule cannot be scored; the others are written first.
    """
    out.mkdir(parents=True, exist_ok=True)
    lines = [
        line
        for learning, files, context in parts
        for line in score_into(out, scorer, learning, files, context=context)
    ]
    for text, good in lines:
        log.log(logging.INFO if good else logging.ERROR, "%s", text)
    if not all(good for _, good in lines):
        raise RainscoreError("; ".join(text for text, good in lines if not good))


def window(
    trained: Grid, *, bbox: list[float] | None = None, centre: list[float] | None = None
) -> Grid:
    """The learning grid of a window: the training's own, or one of its pixels and size elsewhere.

    Raises:
        RainscoreError: The box is empty, smaller than a network can take, beyond a pole or across
            the date line.
    """
    step = trained.dx / 1000
    if centre:
        size = (trained.nx * step, trained.ny * step)
        return _elsewhere((centre[0], centre[1]), size, step)
    if not bbox:
        return trained
    west, south, east, north = bbox
    if not (west < east and south < north):
        raise RainscoreError(f"--bbox {west} {south} {east} {north}: give WEST SOUTH EAST NORTH")
    degree = 111.2
    nearest_equator = 0.0 if south < 0 < north else min(abs(south), abs(north))
    width = (east - west) * degree * np.cos(np.deg2rad(nearest_equator))
    height = (north - south) * degree
    if min(width, height) <= 16 * step:
        raise RainscoreError(f"--bbox: a side must be longer than {16 * step:g} km")
    middle = ((west + east) / 2, (south + north) / 2)
    return _elsewhere(middle, (width, height), step)


def _elsewhere(centre: tuple[float, float], size_km: tuple[float, float], step_km: float) -> Grid:
    """A window where IMERG's array is whole."""
    if abs(centre[1]) > 90:
        raise RainscoreError(f"latitude {centre[1]:g}: give longitude, then latitude [degrees]")
    found = window_grid(centre=centre, size_km=size_km, step_km=step_km)
    try:
        imerg_cells(found)
    except ValueError as error:
        raise RainscoreError(str(error)) from error
    return found


def write_scored(result: xr.Dataset, file: Path, folder: Path) -> Path:
    """Write a scored map as NetCDF, named by its granule and start; returns its path."""
    start = pd.Timestamp(result["time"].item()).strftime("%Y%m%d-S%H%M%S")
    name = file.name
    for suffix in (".HDF5", ".RT-H5", ".nc4", ".dap", ".nc"):
        name = name.removesuffix(suffix)
    path = folder / (f"{name}.nc" if start in name else f"{name}.{start}.nc")
    write_netcdf(result, path)
    return path


def summary(result: xr.Dataset, path: Path) -> str:
    """One line on a scored map."""
    time = pd.Timestamp(result["time"].item()).strftime("%Y-%m-%d %H:%M")
    value, low, high = (float(result[f"map_score{x}"]) for x in ("", "_low", "_high"))
    score = f"map score {value:.2f} [{low:.2f}, {high:.2f}]"
    if not np.isfinite(value):
        seen = bool(np.isfinite(result["precipitation"]).any())
        score = "no rain" if seen else "nothing to score, IMERG is missing here"
    cluster = float(result["cluster"])
    name = result.attrs["cluster_name"]
    group = "no cluster" if not cluster >= 0 else f"cluster {cluster:.0f} ({name})"
    novel = ", unlike the training" if float(result["novelty"]) == 1 else ""
    outside = ", wet share not calibrated" if float(result["map_score_outside"]) == 1 else ""
    return f"{time}  {score}{outside}, {group}{novel}  → {path}{_remarks(result)}"


def _remarks(result: xr.Dataset) -> str:
    """What was not known of a map, and how it differs from what the models were trained on."""
    unknown, differs = result.attrs["unknown"], result.attrs["differs"]
    return (f" (unknown: {unknown})" if unknown else "") + (f" (beware: {differs})" * bool(differs))
