"""Gradient boosting of the quantiles of the score, the strongest rival of a network."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.ndimage import maximum_filter, uniform_filter
from sklearn.ensemble import HistGradientBoostingRegressor

from rainscore.evaluation.blocks import Block
from rainscore.training.channels import CHANNELS, scale_rain
from rainscore.training.dataset import input_channels

NAMES = input_channels(CHANNELS)


CHANGES = ("change_previous", "change_next")


SIDES = (3, 7, 15)
"""Sides of the neighbourhoods [pixels of the learning grid]."""


TIES = 0.01
"""Scores of exactly 0 and 1 are parted by as much, at random."""


BOOSTING: dict[str, Any] = {
    "early_stopping": False,
    "max_iter": 200,
    "learning_rate": 0.1,
    "max_leaf_nodes": 31,
    "min_samples_leaf": 300,
    "l2_regularization": 1.0,
}


def pixel_features(block: Block, wet_threshold: float) -> np.ndarray:
    """What a window is judged by: its channels, and the same of its neighbourhood.

    Returns:
        Dims (n, feature) of the judged windows, float32: all channels; the neighbours' rain;
        quality index and random error; means of wet share, rain, microwave's rain, age, infrared
        weight, changes in time and the neighbours' rain in squares of 3, 7 and 15 pixels; the
        largest rain, its spread and how much it changes in 7; the wet share of the map. −1 where
        IMERG's field is missing.
    """
    judged = block.judged
    threshold = scale_rain(np.array(wet_threshold))
    channel = {name: block.inputs[:, i] for i, name in enumerate(NAMES)}
    rain = channel["rain"]
    # Trees cannot add: with the changes alone they judge worse.
    neighbours = [
        (rain + channel["change_previous"]) * channel["previous_known"],
        (rain + channel["change_next"]) * channel["next_known"],
    ]
    columns = [field[judged] for field in (*channel.values(), *neighbours)]
    # A number, not NaN: a version without the field must not leave a column without any value.
    columns += [np.nan_to_num(f[judged], nan=-1.0) for f in (block.quality, block.random_error)]
    wet = (rain >= threshold).astype(np.float32)
    named = ("rain", "mw_rain", "age_last", "ir_influence", *CHANGES)
    around = [wet, *(channel[name] for name in named), *neighbours]
    for side in SIDES:
        size = (1, side, side)
        columns += [uniform_filter(field, size, mode="nearest")[judged] for field in around]
    size = (1, SIDES[1], SIDES[1])
    mean, square = (uniform_filter(field, size, mode="nearest") for field in (rain, rain**2))
    columns.append(maximum_filter(rain, size, mode="nearest")[judged])
    columns.append(np.sqrt(np.maximum(square - mean**2, 0))[judged])
    for name in CHANGES:
        columns.append(uniform_filter(np.abs(channel[name]), size, mode="nearest")[judged])
    columns.append(wet.mean(axis=(1, 2))[block.map_of])
    return np.stack(columns, axis=1).astype(np.float32)


class Boosting:
    """One booster a level, on a sample of the training windows; the quantiles are then sorted.

    Friedman 2001 (doi:10.1214/aos/1013203451), with the pinball loss, as scikit-learn's
    HistGradientBoostingRegressor.

    Where two fifths of the scores are 0, so is the first guess of the lower quantiles, and no score
    lies below it: all gradients have one sign, no split gains anything, and the booster stays the
    constant that it began with. The scores of the pile are therefore parted by a little, downwards
    at 0, upwards at 1, and the quantiles cut to [0, 1].

    Args:
        share: Share of the windows to learn from, 0 to 1, drawn at random.
        wet_threshold: Rates at or above it are wet [mm/h].
        seed: Random seed of the draw and of the boosters.
    """

    def __init__(self, share: float, *, wet_threshold: float, seed: int) -> None:
        self._share, self._wet_threshold = share, wet_threshold
        self._rng = np.random.default_rng([seed, 1])
        self._seed = seed
        self._rows: list[np.ndarray] = []
        self._found: list[np.ndarray] = []
        self._models: dict[float, HistGradientBoostingRegressor] = {}

    def learn(self, block: Block) -> None:
        """Draw some of the judged windows."""
        drawn = self._rng.random(block.found.size) < self._share
        self._rows.append(pixel_features(block, self._wet_threshold)[drawn])
        self._found.append(block.found[drawn])

    def predict(self, block: Block, levels: Sequence[float]) -> np.ndarray:
        """Quantiles of each window, dims (n, level)."""
        for level in levels:
            if level not in self._models:
                self._models[level] = self._fit(level)
        rows = pixel_features(block, self._wet_threshold)
        if not len(rows):
            return np.empty((0, len(levels)))
        found = [self._models[level].predict(rows) for level in levels]
        return np.sort(np.clip(np.stack(found, axis=1), 0, 1), axis=1)

    def _fit(self, level: float) -> HistGradientBoostingRegressor:
        model = HistGradientBoostingRegressor(
            loss="quantile", quantile=level, random_state=self._seed, **BOOSTING
        )
        return model.fit(np.concatenate(self._rows), self._parted())

    def _parted(self) -> np.ndarray:
        """The scores learnt from, without ties at 0 and 1; the same for every level."""
        found = np.concatenate(self._found)
        apart = np.random.default_rng([self._seed, 2]).uniform(0, TIES, found.size)
        return np.where(found <= 0, -apart, np.where(found >= 1, 1 + apart, found))
