"""Baselines of the score: its distribution given a class that is known without any network."""

from collections.abc import Sequence

import numpy as np

BINS = 1000
MIN_COUNT = 500


class ConditionalClimatology:
    """Quantiles of the score in each class, from histograms that add over months.

    A class with fewer than `MIN_COUNT` scores takes the quantiles of all.

    Args:
        classes: Number of classes.
    """

    def __init__(self, classes: int) -> None:
        self.counts = np.zeros((classes, BINS + 1), np.int64)

    def add(self, labels: np.ndarray, scores: np.ndarray) -> None:
        """Count scores (n,), in [0, 1] without NaN, under their class (n,)."""
        place = np.rint(scores * BINS).astype(np.int64) + labels.astype(np.int64) * (BINS + 1)
        self.counts += np.bincount(place, minlength=self.counts.size).reshape(self.counts.shape)

    def quantiles(self, levels: Sequence[float]) -> np.ndarray:
        """Quantiles of each class, dims (class, level).

        Raises:
            ValueError: Nothing was counted.
        """
        total = self.counts.sum(axis=0)
        if not total.any():
            raise ValueError("no score to learn from: the training days hold no defined score")
        enough = self.counts.sum(axis=1, keepdims=True) >= MIN_COUNT
        cumulative = np.where(enough, self.counts, total).cumsum(axis=1)
        share = cumulative / cumulative[:, -1:]
        return np.stack([(share >= level).argmax(axis=1) / BINS for level in levels], axis=1)
