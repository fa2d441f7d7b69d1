"""Gradient boosting of the quantiles of the score, the strongest baseline of the U-Net."""

from typing import Any

import numpy as np
from scipy.ndimage import maximum_filter, uniform_filter
from sklearn.ensemble import HistGradientBoostingRegressor

from rainscore.evaluation.blocks import CHANNEL_NAMES, Block
from rainscore.scores.distribution import MASSES, masses_from_quantiles
from rainscore.training.channels import scale_rain

CHANGES = ("change_previous", "change_next")

SIDES = (3, 7, 15)
"""Sides of the square neighbourhoods [pixels of the learning grid]."""

TIE_WIDTH = 0.01
"""Scores of exactly 0 and 1 are spread at random over this width, outside [0, 1]."""

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Levels of the quantiles that are learnt."""

BOOSTING: dict[str, Any] = {
    "early_stopping": False,
    "max_iter": 200,
    "learning_rate": 0.1,
    "max_leaf_nodes": 31,
    "min_samples_leaf": 300,
    "l2_regularization": 1.0,
}
"""Settings of each booster, chosen on the validation days of the study."""


def pixel_features(block: Block, wet_threshold: float) -> np.ndarray:
    """Features of each evaluated window: its channels and those of its neighbourhood.

    Args:
        block: The maps.
        wet_threshold: Rates at or above it are wet [mm/h].

    Returns:
        Dims (n, feature), float32: all channels; rain of the half-hours before and after; quality
        index and random error (−1 where missing); means over squares of 3, 7 and 15 pixels of wet
        share, rain, microwave rain, age, infrared weight, changes in time and rain before and
        after; over 7 pixels the maximum and the standard deviation of the rain and the mean
        absolute changes in time; wet share of the map.
    """
    window = block.evaluated
    channel = {name: block.inputs[:, i] for i, name in enumerate(CHANNEL_NAMES)}
    rain = channel["rain"]
    # Trees cannot add features: without the sum of rain and change their skill is lower.
    neighbours = [
        (rain + channel["change_previous"]) * channel["previous_known"],
        (rain + channel["change_next"]) * channel["next_known"],
    ]
    wet = (rain >= scale_rain(np.array(wet_threshold))).astype(np.float32)
    columns = [field[window] for field in (*channel.values(), *neighbours)]
    # Not NaN, so that versions of IMERG without the field leave no column without any value.
    columns += [np.nan_to_num(f[window], nan=-1.0) for f in (block.quality, block.random_error)]
    averaged = ("rain", "mw_rain", "age_last", "ir_influence", *CHANGES)
    fields = [wet, *(channel[name] for name in averaged), *neighbours]
    columns += [_square_mean(field, side)[window] for side in SIDES for field in fields]
    columns += [field[window] for field in _spread(rain)]
    columns += [_square_mean(np.abs(channel[name]), SIDES[1])[window] for name in CHANGES]
    columns.append(wet.mean(axis=(1, 2))[block.map_index])
    return np.stack(columns, axis=1).astype(np.float32)


def _square_mean(field: np.ndarray, side: int) -> np.ndarray:
    """Mean over squares of `side` pixels, dims (map, y, x)."""
    return uniform_filter(field, (1, side, side), mode="nearest")


def _spread(rain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Maximum and standard deviation of the rain in squares of 7 pixels, dims (map, y, x)."""
    side = SIDES[1]
    mean, square = _square_mean(rain, side), _square_mean(rain**2, side)
    largest = maximum_filter(rain, (1, side, side), mode="nearest")
    return largest, np.sqrt(np.maximum(square - mean**2, 0))


class Boosting:
    """One booster per quantile level on a sample of the training windows; quantiles are sorted.

    Friedman 2001 (doi:10.1214/aos/1013203451) with the pinball loss, by scikit-learn's
    HistGradientBoostingRegressor.

    Two fifths of the scores are 0. A booster of a lower quantile then starts from 0, no score lies
    below, all gradients have one sign and no split improves the loss, so that its prediction stays
    constant. Scores of exactly 0 are therefore spread at random just below 0, those of exactly 1
    just above 1; predicted quantiles outside [0, 1] become the probability of 0 and of 1.

    Args:
        share: Share of the training windows to learn from, 0 to 1, drawn at random.
        wet_threshold: Rates at or above it are wet [mm/h].
        seed: Random seed of the draw and of the boosters.
    """

    def __init__(self, share: float, *, wet_threshold: float, seed: int) -> None:
        self._share, self._wet_threshold = share, wet_threshold
        self._rng = np.random.default_rng([seed, 1])
        self._seed = seed
        self._features: list[np.ndarray] = []
        self._scores: list[np.ndarray] = []
        self._models: dict[float, HistGradientBoostingRegressor] = {}

    def learn(self, block: Block) -> None:
        """Draw some of the evaluated windows."""
        drawn = self._rng.random(block.scores.size) < self._share
        self._features.append(pixel_features(block, self._wet_threshold)[drawn])
        self._scores.append(block.scores[drawn])

    def predict(self, block: Block) -> np.ndarray:
        """Distribution of each evaluated window, dims (n, mass)."""
        for level in LEVELS:
            if level not in self._models:
                self._models[level] = self._fit(level)
        features = pixel_features(block, self._wet_threshold)
        if not len(features):
            return np.empty((0, MASSES))
        quantiles = [self._models[level].predict(features) for level in LEVELS]
        return masses_from_quantiles(np.sort(np.stack(quantiles, axis=1), axis=1), LEVELS)

    def _fit(self, level: float) -> HistGradientBoostingRegressor:
        model = HistGradientBoostingRegressor(
            loss="quantile", quantile=level, random_state=self._seed, **BOOSTING
        )
        return model.fit(np.concatenate(self._features), self._untied())

    def _untied(self) -> np.ndarray:
        """Training scores without ties at 0 and 1; the same for every level."""
        scores = np.concatenate(self._scores)
        offset = np.random.default_rng([self._seed, 2]).uniform(0, TIE_WIDTH, scores.size)
        return np.where(scores <= 0, -offset, np.where(scores >= 1, 1 + offset, scores))
