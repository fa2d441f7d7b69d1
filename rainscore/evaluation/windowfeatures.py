"""Features of windows for methods with decision trees, and a sample of the training windows."""

import numpy as np
from scipy.ndimage import maximum_filter, uniform_filter

from rainscore.evaluation.blocks import CHANNEL_NAMES, Block
from rainscore.training.channels import scale_rain

CHANGES = ("change_previous", "change_next")

SIDES = (3, 7, 15)
"""Sides of the square neighbourhoods [pixels of the learning grid]."""


class WindowSample:
    """Features and scores of training windows drawn at random, for several methods together.

    Args:
        share: Share of the training windows to draw, 0 to 1.
        wet_threshold: Rates at or above it are wet [mm/h].
        seed: Random seed of the draw.
    """

    def __init__(self, share: float, *, wet_threshold: float, seed: int) -> None:
        self._share, self._wet_threshold = share, wet_threshold
        self._rng = np.random.default_rng([seed, 1])
        self._features: list[np.ndarray] = []
        self._scores: list[np.ndarray] = []
        self._learnt: Block | None = None
        self._last: tuple[Block, np.ndarray] | None = None

    def learn(self, block: Block) -> None:
        """Draw some of the evaluated windows; a block that was just learnt is not drawn twice."""
        if block is self._learnt:
            return
        self._learnt = block
        drawn = self._rng.random(block.scores.size) < self._share
        self._features.append(self.features_of(block)[drawn])
        self._scores.append(block.scores[drawn])

    def features_of(self, block: Block) -> np.ndarray:
        """Features of `pixel_features`, computed once for the methods that use them in turn."""
        if self._last is None or self._last[0] is not block:
            self._last = block, pixel_features(block, self._wet_threshold)
        return self._last[1]

    @property
    def features(self) -> np.ndarray:
        """Features of the drawn windows, dims (n, feature), float32."""
        return np.concatenate(self._features)

    @property
    def scores(self) -> np.ndarray:
        """Scores of the drawn windows, dims (n,).

        Raises:
            ValueError: No window was drawn.
        """
        scores = np.concatenate(self._scores) if self._scores else np.empty(0)
        if not scores.size:
            raise ValueError("no defined score on the training days; use a longer period")
        return scores


def pixel_features(block: Block, wet_threshold: float) -> np.ndarray:
    """Features of each evaluated window: its channels and those of its neighbourhood.

    Args:
        block: The maps.
        wet_threshold: Rates at or above it are wet [mm/h].

    Returns:
        Dims (n, feature), float32: all channels; rain of the half-hours before and after; random
        error (−1 where missing); means over squares of 3, 7 and 15 pixels of wet share, rain,
        microwave rain, age, infrared weight, changes in time and rain before and after; over 7
        pixels the maximum and the standard deviation of the rain and the mean absolute changes in
        time; wet share of the map.
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
    columns.append(np.nan_to_num(block.random_error[window], nan=-1.0))
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
