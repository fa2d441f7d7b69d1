"""Coverage of the U-Net's intervals in groups that the calibration does not use, and by inputs."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from rainscore.evaluation.blocks import Block, read_blocks
from rainscore.evaluation.daysums import DaySums, Groups, single_group
from rainscore.evaluation.skill import (
    DECILE_SPLITS,
    DECILES,
    INPUTS,
    LOWER_BOUND,
    MAP_INPUTS,
    UNET,
    Bounds,
    score_statistics,
    skill_table,
)
from rainscore.scores import distribution
from rainscore.scores.distribution import masses_from_quantiles
from rainscore.training.calibrationfitting import EVERY
from rainscore.training.channels import CHANNELS
from rainscore.training.dataset import ScoreMaps
from rainscore.training.inference import forward, predict
from rainscore.training.inputstates import STATES, removals
from rainscore.training.mapscore import MAP_LEVELS, map_features
from rainscore.training.trained import TrainedUNet

SAMPLE = 48
"""Number of maps, evenly spaced in time, from which the edges of the deciles are computed."""

Arrays = tuple[np.ndarray, ...]
"""Arrays of some maps, first dimension the maps."""

KEPT = ("crps", "coverage", "width")
"""Measures of the table."""


class Windows(NamedTuple):
    """Calibrated predictions of some windows.

    Attributes:
        masses: Distributions, dims (n, mass).
        bounds: Bounds of the 90 % interval.
        rain: Scaled rain of the pixel, dims (n,).
    """

    masses: np.ndarray
    bounds: Bounds
    rain: np.ndarray

    def quantities(self) -> np.ndarray:
        """Values of `DECILE_SPLITS`, dims (3, n)."""
        low, high = self.bounds
        return np.stack([distribution.mean(self.masses), high - low, self.rain])


def unet_windows(masses: np.ndarray, block: Block, unet: TrainedUNet) -> Windows:
    """Calibrated predictions of the evaluated windows of a block.

    Args:
        masses: Output of the U-Net, dims (map, mass, y, x).
        block: The maps.
        unet: The U-Net.
    """
    rows = unet.calibration.local(masses, block.inputs, block.evaluated)
    rain = block.inputs[:, CHANNELS.index("rain")][block.evaluated]
    return Windows(rows, distribution.interval(rows), rain)


def decile_edges(unet: TrainedUNet, paths: Sequence[Path], times: np.ndarray) -> np.ndarray:
    """Edges between the deciles of `DECILE_SPLITS`, dims (3, 9), from `SAMPLE` maps.

    Args:
        unet: The U-Net.
        paths: Training files.
        times: Half-hours to evaluate.
    """
    rows = np.unique(np.linspace(0, len(times) - 1, SAMPLE).round().astype(int))
    blocks = read_blocks(paths, times[rows], unet.card.hidden)
    parts = [
        unet_windows(forward(unet.model, block.inputs)[0], block, unet).quantities()
        for block in blocks
    ]
    values = np.concatenate(parts, axis=1)
    if not values.size:
        return np.zeros((len(DECILE_SPLITS), 9))
    return np.quantile(values, np.arange(1, 10) / 10, axis=1).T


def decile_groups(windows: Windows, edges: np.ndarray) -> dict[str, Groups]:
    """Groups of windows by the deciles of `DECILE_SPLITS`, and by `LOWER_BOUND`.

    Args:
        windows: The windows.
        edges: From `decile_edges`.
    """
    groups = {
        name: Groups(DECILES, np.searchsorted(edge, values))
        for name, edge, values in zip(DECILE_SPLITS, edges, windows.quantities(), strict=True)
    }
    above = Groups(("0", "above 0"), (windows.bounds[0] > 0).astype(int))
    return {**groups, LOWER_BOUND: above}


def add_by_inputs(
    sums: DaySums, unet: TrainedUNet, paths: Sequence[Path], times: np.ndarray, observed: pd.Series
) -> None:
    """Add the intervals of windows and of maps for each state of the inputs.

    Inputs are removed from every third map, as the prediction finds them missing.

    Args:
        sums: Sums of `score_statistics` to add to.
        unet: The U-Net.
        paths: Training files.
        times: Half-hours to evaluate.
        observed: Map score by time.
    """
    for number, removal in removals(unet.card.hidden).items():
        data = ScoreMaps(paths, times[::EVERY], hidden=removal.hidden, removed_sides=removal.sides)
        start = 0
        for arrays, outputs in predict(unet.model, data):
            starts = data.times[start : start + len(arrays[0])]
            start += len(starts)
            truth = observed.reindex(starts.astype("datetime64[ns]")).to_numpy(float)
            days = starts.astype("datetime64[D]")
            parts = {
                INPUTS: _window_rows(arrays, outputs, unet),
                MAP_INPUTS: _map_rows(arrays, outputs, unet, truth),
            }
            for split, (rows, statistics) in parts.items():
                groups = {split: single_group(len(rows), STATES[number])}
                sums.add(UNET, days[rows], groups, statistics)


def _window_rows(
    arrays: Arrays, outputs: Arrays, unet: TrainedUNet
) -> tuple[np.ndarray, np.ndarray]:
    """Number of the map, and statistics, of each evaluated window.

    Args:
        arrays: inputs, target, wet, truth of some maps (`dataset.ScoreMaps`).
        outputs: Masses and logit of the U-Net.
        unet: The U-Net.
    """
    inputs, target, wet, _ = arrays
    chosen = wet & np.isfinite(target)
    masses = unet.calibration.local(outputs[0], inputs, chosen)
    return np.nonzero(chosen)[0], score_statistics(masses, target[chosen].astype(np.float64))


def _map_rows(
    arrays: Arrays, outputs: Arrays, unet: TrainedUNet, truth: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Number, and statistics of the map score, of each map that has one.

    Args:
        arrays, outputs, unet: As in `_window_rows`.
        truth: Observed map scores, dims (map,), NaN where undefined.
    """
    inputs, _, wet, valid = arrays
    features = map_features(outputs[0], expit(outputs[1]), wet, valid, inputs)
    scores = unet.calibration.map_score(features, inputs)[["low", "value", "high"]].to_numpy()
    rows = np.flatnonzero(np.isfinite(scores).all(axis=1) & np.isfinite(truth))
    low, _, high = scores[rows].T
    masses = masses_from_quantiles(scores[rows], MAP_LEVELS)
    return rows, score_statistics(masses, truth[rows], (low, high))


def group_table(sums: DaySums, *, resamples: int, seed: int) -> pd.DataFrame:
    """CRPS, coverage and width in each group: columns of `skill.skill_table`.

    Args:
        sums: Sums of `score_statistics` of the U-Net.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples.
    """
    table = skill_table(sums, reference=UNET, resamples=resamples, seed=seed)
    return table[table["measure"].isin(KEPT)]
