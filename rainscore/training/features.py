"""The training files: one HDF5 a month, contiguous, ready for random reads."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np
import xarray as xr

from rainscore.grids import Grid
from rainscore.imerg.passes import pass_ages
from rainscore.imerg.reader import FIELDS
from rainscore.io import MAPS_PER_CHUNK, replacing
from rainscore.regridding.conservative import Weights, nearest
from rainscore.training.channels import CHANNELS, build_inputs


def coarsen_rain(rain: np.ndarray, factor: int) -> np.ndarray:
    """Mean of `factor` × `factor` blocks over valid pixels; NaN where fewer than half are valid.

    Args:
        rain: Dims (time, y, x) [mm/h], NaN missing.
    """
    t, ny, nx = rain.shape
    blocks = rain.reshape(t, ny // factor, factor, nx // factor, factor)
    valid = np.isfinite(blocks)
    count = valid.sum(axis=(2, 4))
    total = np.where(valid, blocks, 0).sum(axis=(2, 4), dtype=np.float64)
    enough = count * 2 >= factor**2
    return np.where(enough, total / np.maximum(count, 1), np.nan).astype(np.float32)


def write_features(pair: xr.Dataset, scores: xr.Dataset, weights: Weights, path: Path) -> None:
    """Write the training file of a month (docs/contracts.md), half-day by half-day.

    Args:
        pair: The month's pairs; NaN is missing.
        scores: The month's score maps on the learning grid.
        weights: From the cells to the learning grid.
        path: Where to write.
    """
    study, learning = Grid.from_json(pair.attrs["grid"]), weights.target
    times = pair["time"].values
    ages = pass_ages(pair["mw_source"].values, pair["imerg_state"].values == 0, times)
    factor = round(learning.dx / study.dx)
    n, shape = times.size, learning.shape
    with replacing(path) as temporary, h5py.File(temporary, "w") as out:
        # Contiguous, so that training maps them into memory and reads single rows at no cost.
        inputs = out.create_dataset("inputs", (n, len(CHANNELS), *shape), "f2")
        kinds = {"target": "f2", "quality": "f2", "random_error": "f2", "wet": "?", "truth": "?"}
        maps = {name: out.create_dataset(name, (n, *shape), kind) for name, kind in kinds.items()}
        out["time"] = times.astype("datetime64[s]").astype(np.int64)
        out.attrs["channels"] = list(CHANNELS)
        out.attrs["grid"] = learning.to_json()
        out.attrs["score"] = scores.attrs["score"]
        for start in range(0, n, MAPS_PER_CHUNK):
            span = slice(start, start + MAPS_PER_CHUNK)
            part = pair[["imerg", *FIELDS]].isel(time=span).load()
            rain = coarsen_rain(part["imerg"].values, factor)
            fields = {name: part[name].values for name in FIELDS}
            inputs[span] = build_inputs(fields, ages[:, span], rain=rain, to_learning=weights)
            score = scores.isel(time=span).load()
            maps["target"][span] = score["score"].values
            maps["wet"][span] = score["imerg_fraction"].values > 0
            maps["truth"][span] = np.isfinite(score["radar_fraction"].values)
            maps["quality"][span] = _sample(fields["quality_index"], weights)
            maps["random_error"][span] = _sample(fields["random_error"], weights)


def _sample(values: np.ndarray, weights: Weights) -> np.ndarray:
    """Values of the cell under each pixel's centre, dims (time, y, x); NaN outside."""
    pick = nearest(weights.source, weights.target).ravel()
    flat = values.reshape(values.shape[0], -1)[:, np.maximum(pick, 0)]
    return np.where(pick >= 0, flat, np.nan).reshape(-1, *weights.target.shape)


def read_features(
    paths: Sequence[Path], times: np.ndarray, names: Sequence[str], *, maps: int = 48
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Rows of the training files at the given half-hours, a block at a time, in order.

    Args:
        paths: Training files of months.
        times: Half-hour starts wanted, datetime64; those that no file holds are left out.
        names: Datasets to read.
        maps: Rows a block, at most.

    Yields:
        The block's times, and its arrays by name, dims (time, …).
    """
    wanted = np.unique(times.astype("datetime64[s]"))
    for path in sorted(paths):
        with h5py.File(path, "r") as file:
            known = file["time"][:].astype("datetime64[s]")
            rows = np.flatnonzero(np.isin(known, wanted))
            for start in range(0, rows.size, maps):
                block = rows[start : start + maps]
                yield known[block], {name: file[name][block] for name in names}


def learning_grid(path: Path) -> Grid:
    """The learning grid of a training file."""
    with h5py.File(path, "r") as file:
        return Grid.from_json(file.attrs["grid"])
