"""Training files: one HDF5 file per month, with contiguous arrays for random reads."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import xarray as xr

from rainscore.grids import Grid
from rainscore.hdf5seals import check_seal, open_own
from rainscore.imerg.passes import pass_ages
from rainscore.imerg.reader import FIELDS
from rainscore.io import MAPS_PER_CHUNK, replacing
from rainscore.regridding.conservative import Weights
from rainscore.regridding.hourly import is_hourly
from rainscore.scores.scoremaps import ScoreSettings, imerg_masks
from rainscore.training.channels import CHANNELS, build_inputs, wet_share
from rainscore.training.rowchecks import read_checksums, verify, write_checksums
from rainscore.writing import hdf5_target


def coarsen_rain(rain: np.ndarray, factor: int) -> np.ndarray:
    """Mean of the valid pixels of each block; NaN where fewer than half of them are valid.

    Args:
        rain: Rain rate, dims (time, y, x) [mm/h], NaN missing.
        factor: Side of a block in pixels.

    Returns:
        Dims (time, y / factor, x / factor) [mm/h], float32.
    """
    t, ny, nx = rain.shape
    blocks = rain.reshape(t, ny // factor, factor, nx // factor, factor)
    valid = np.isfinite(blocks)
    count = valid.sum(axis=(2, 4))
    total = np.where(valid, blocks, 0).sum(axis=(2, 4), dtype=np.float64)
    enough = count * 2 >= factor**2
    return np.where(enough, total / np.maximum(count, 1), np.nan).astype(np.float32)


def write_features(pair: xr.Dataset, scores: xr.Dataset, weights: Weights, path: Path) -> None:
    """Write the training file of a month (docs/contracts.md), 48 half-hours at a time.

    With hourly radar, both half-hours of an hour have the score of the hour as target.

    Args:
        pair: Pairs of the month; NaN is missing.
        scores: Score maps of the month on the learning grid.
        weights: Regridding weights from IMERG's cells to the learning grid.
        path: File to write.
    """
    study, learning = Grid.from_json(pair.attrs["grid"]), weights.target
    times = pair["time"].values
    ages = pass_ages(pair["mw_source"].values, pair["imerg_state"].values == 0, times)
    factor = round(learning.dx / study.dx)
    hourly = is_hourly(pair)
    if hourly:
        settings = ScoreSettings.from_json(scores.attrs["score"])
        windows = settings.windows(weights.source, learning)
    n, shape = times.size, learning.shape
    with replacing(path) as temporary, hdf5_target(temporary) as file, h5py.File(file, "w") as out:
        # Contiguous arrays can be mapped into memory, so that single rows are cheap to read.
        inputs = out.create_dataset("inputs", (n, len(CHANNELS), *shape), "f2")
        kinds = {"target": "f2", "random_error": "f2", "wet": "?", "truth": "?"}
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
            wet = score["imerg_fraction"].values > 0
            if hourly:
                wet, _ = imerg_masks(fields["precipitation"], windows, settings)
                score = score.isel(time=np.arange(score.sizes["time"]) // 2 * 2)
            maps["target"][span] = score["score"].values
            maps["wet"][span] = wet
            maps["truth"][span] = np.isfinite(score["radar_fraction"].values)
            maps["random_error"][span] = weights.sample(fields["random_error"])
        write_checksums(out)


def read_features(
    paths: Sequence[Path], times: np.ndarray, names: Sequence[str], *, maps: int = 48
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Read datasets of the training files at the given half-hours, block by block, in order.

    Args:
        paths: Training files.
        times: Half-hour starts, datetime64; those that no file holds are left out.
        names: Names of the datasets.
        maps: Maximum number of half-hours per block.

    Yields:
        Times of the block, and its arrays by name, dims (time, …).

    Raises:
        DamagedFile: A file cannot be read, or is not as it was written.
    """
    wanted = np.unique(times.astype("datetime64[s]"))
    for path in sorted(paths):
        with open_own(path) as file:
            checksums = read_checksums(file, path)
            available = file["time"][:].astype("datetime64[s]")
            rows = np.flatnonzero(np.isin(available, wanted))
            for start in range(0, rows.size, maps):
                block = rows[start : start + maps]
                arrays = {name: file[name][block] for name in names}
                for name in checksums.keys() & arrays.keys():
                    for one, checksum in zip(arrays[name], checksums[name][block], strict=True):
                        verify(one, checksum, (path, name))
                yield available[block], arrays


def learning_grid(path: Path) -> Grid:
    """Learning grid of a training file."""
    with open_own(path) as file:
        check_seal(file, path)
        return Grid.from_json(file.attrs["grid"])


def score_settings(path: Path) -> ScoreSettings:
    """Settings of the score in a training file."""
    with open_own(path) as file:
        check_seal(file, path)
        return ScoreSettings(**json.loads(file.attrs["score"]))


def wet_shares(paths: Sequence[Path], splits: pd.DataFrame) -> pd.DataFrame:
    """Wet share of each map of the training files: time, split, wet_share (NaN without data).

    Args:
        paths: Training files.
        splits: Table of `splits.split_blocks`.
    """
    threshold = score_settings(paths[0]).wet_threshold_mm_h
    parts = [
        pd.DataFrame({"time": times, "wet_share": wet_share(block["inputs"], threshold)})
        for times, block in read_features(paths, splits["time"].to_numpy(), ["inputs"])
    ]
    return splits[["time", "split"]].merge(pd.concat(parts, ignore_index=True), on="time")
