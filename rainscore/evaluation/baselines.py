"""Baselines of the score: what can be known of it without the U-Net."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import pandas as pd
from sklearn.isotonic import IsotonicRegression

from rainscore.clustering.latents import latent_columns
from rainscore.clustering.scorecounts import DRY
from rainscore.evaluation.blocks import Block

BINS = 1000


MIN_COUNT = 500


ERROR_EDGES = np.geomspace(0.01, 10, 39)
"""Bounds of the classes of IMERG's random error [mm/h]."""


ERROR_CLASSES = len(ERROR_EDGES) + 2


NEIGHBOURS = 30


MAP_BINS = 100


class Baseline(Protocol):
    """Learns from the training maps block by block, then predicts."""

    def learn(self, block: Block) -> None:
        """Take in the judged windows of some training maps."""

    def predict(self, block: Block, levels: Sequence[float]) -> np.ndarray:
        """Quantiles of the score of the block's judged windows, dims (n, level)."""


class ConditionalClimatology:
    """Quantiles of the score in each class, from histograms that add over months.

    A class with fewer than `MIN_COUNT` scores takes the quantiles of all.

    Args:
        classes: Number of classes.
        rising: Make the quantiles rise with the class (isotonic regression, weighted with the
            counts), but for the last class, that of missing values.
    """

    def __init__(self, classes: int, *, rising: bool = False) -> None:
        self.counts = np.zeros((classes, BINS + 1), np.int64)
        self.rising = rising

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
        size = self.counts.sum(axis=1)
        enough = (size >= MIN_COUNT)[:, None]
        found = quantiles_of(np.where(enough, self.counts, total), levels)
        if not self.rising:
            return found
        ordered = np.arange(len(size) - 1)
        weight = np.maximum(size[ordered], 1)
        for column in found.T:
            fitted = IsotonicRegression().fit(ordered, column[ordered], weight)
            column[ordered] = fitted.predict(ordered)
        return np.sort(found, axis=1)


def quantiles_of(counts: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Quantiles of histograms (class, bin) over [0, 1], dims (class, level)."""
    share = counts.cumsum(axis=1) / counts.sum(axis=1, keepdims=True)
    last = counts.shape[1] - 1
    # Rounding of a sum must not hide that a level is reached.
    return np.stack([(share >= level - 1e-9).argmax(axis=1) / last for level in levels], axis=1)


class ByClass:
    """Distribution of the score in each class that a window belongs to.

    Args:
        label: Gives the class of each judged window of a block, dims (n,).
        classes, rising: As in `ConditionalClimatology`.
    """

    def __init__(
        self, label: Callable[[Block], np.ndarray], classes: int, *, rising: bool = False
    ) -> None:
        self._label = label
        self._climatology = ConditionalClimatology(classes, rising=rising)

    def learn(self, block: Block) -> None:
        """Count the scores of each class."""
        self._climatology.add(self._label(block), block.found)

    def predict(self, block: Block, levels: Sequence[float]) -> np.ndarray:
        """Quantiles of each window's class."""
        return self._climatology.quantiles(levels)[self._label(block)]


class NearestMaps:
    """Scores of the training maps that are nearest in the latent space, all windows alike.

    Args:
        latents: Columns time, z0, z1, … of training and other maps.
    """

    def __init__(self, latents: pd.DataFrame) -> None:
        self._latents = pd.DataFrame(latent_columns(latents), index=latents["time"])
        self._times: list[np.ndarray] = []
        self._counts: list[np.ndarray] = []

    def learn(self, block: Block) -> None:
        """Count the scores of each map that has any."""
        place = np.rint(block.found * MAP_BINS).astype(np.int64) + block.map_of * (MAP_BINS + 1)
        size = len(block.times) * (MAP_BINS + 1)
        counts = np.bincount(place, minlength=size).reshape(len(block.times), -1)
        kept = counts.any(axis=1)
        self._times.append(block.times[kept])
        self._counts.append(counts[kept])

    def nearest(self, times: np.ndarray) -> np.ndarray:
        """Positions of each map's nearest training maps, dims (map, neighbour), the nearest first.

        The latent vectors are scaled to the same spread.
        """
        known, asked = (self._vectors(t) for t in (np.concatenate(self._times), times))
        mean, spread = known.mean(axis=0), np.maximum(known.std(axis=0), 1e-9)
        known, asked = ((v - mean) / spread for v in (known, asked))
        squared = (asked**2).sum(axis=1)[:, None] - 2 * asked @ known.T + (known**2).sum(axis=1)
        return np.argsort(squared, axis=1, kind="stable")[:, :NEIGHBOURS]

    def predict(self, block: Block, levels: Sequence[float]) -> np.ndarray:
        """Quantiles of all scores of the nearest maps."""
        counts = np.concatenate(self._counts)[self.nearest(block.times)].sum(axis=1)
        return quantiles_of(counts, levels)[block.map_of]

    def predict_maps(
        self, times: np.ndarray, scores: pd.Series, levels: Sequence[float]
    ) -> np.ndarray:
        """Quantiles of the map scores (by time) of the nearest maps, dims (map, level)."""
        known = scores.reindex(np.concatenate(self._times).astype("datetime64[ns]")).to_numpy()
        return np.nanquantile(known[self.nearest(times)], levels, axis=1).T

    def _vectors(self, times: np.ndarray) -> np.ndarray:
        return self._latents.reindex(times.astype("datetime64[ns]")).to_numpy(np.float64)


def error_class(block: Block) -> np.ndarray:
    """Class of IMERG's random error of each judged window; missing is the last class."""
    error = block.random_error[block.judged]
    known = np.searchsorted(ERROR_EDGES, error, side="right")
    return np.where(np.isnan(error), ERROR_CLASSES - 1, known)


def cluster_class(clusters: pd.DataFrame, times: np.ndarray) -> np.ndarray:
    """Class of each map: 0 for too little rain or no rain estimate at all, 1 + cluster."""
    known = clusters.set_index("time")["cluster"]
    return known.reindex(times.astype("datetime64[ns]"), fill_value=DRY).to_numpy(int) + 1
