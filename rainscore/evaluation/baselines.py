"""Baselines: predictions of the score without the U-Net."""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import pandas as pd
from sklearn.isotonic import IsotonicRegression

from rainscore.analysis.classes import AGE_CLASSES, QUALITY_CLASSES
from rainscore.clustering.latents import latent_columns
from rainscore.clustering.scoredistributions import DRY
from rainscore.evaluation.blocks import Block
from rainscore.evaluation.skill import CLIMATOLOGY
from rainscore.imerg.passes import SOURCE_NAMES
from rainscore.scores.distribution import MASSES, mass_numbers, masses_of, masses_of_counts

QUALITY_INDEX = "quality index"

NEAREST_MAPS = "nearest maps"

MIN_COUNT = 500
"""Minimum number of scores of a class that has a distribution of its own."""

ERROR_EDGES = np.geomspace(0.01, 10, 39)
"""Bounds of the classes of IMERG's random error [mm/h]."""

ERROR_CLASSES = len(ERROR_EDGES) + 2
"""Number of classes of the random error; the last one is for missing values."""

NEIGHBOURS = 30
"""Number of nearest training maps whose scores are used."""


class Baseline(Protocol):
    """A method that learns from the training maps block by block, then predicts."""

    def learn(self, block: Block) -> None:
        """Learn from the evaluated windows of some training maps."""

    def predict(self, block: Block) -> np.ndarray:
        """Distribution of the score of the block's evaluated windows, dims (n, mass)."""


class ConditionalClimatology:
    """Distribution of the score in each class, from counts that add over months.

    A class with fewer than `MIN_COUNT` scores takes the distribution of all scores.

    Args:
        classes: Number of classes.
        rising: Whether the scores must rise with the class: the probability of a score below each
            edge of a bin must not rise (isotonic regression weighted with the counts); the last
            class, that of missing values, is left as it is.
    """

    def __init__(self, classes: int, *, rising: bool = False) -> None:
        self.counts = np.zeros((classes, MASSES), np.int64)
        self.rising = rising

    def add(self, labels: np.ndarray, scores: np.ndarray) -> None:
        """Count scores.

        Args:
            labels: Class of each score, dims (n,).
            scores: Scores in [0, 1], dims (n,), without NaN.
        """
        flat = mass_numbers(scores) + labels.astype(np.int64) * MASSES
        self.counts += np.bincount(flat, minlength=self.counts.size).reshape(self.counts.shape)

    def masses(self) -> np.ndarray:
        """Distribution of each class, dims (class, mass).

        Raises:
            ValueError: No score was counted.
        """
        total = self.counts.sum(axis=0)
        if not total.any():
            raise ValueError("no defined score on the training days; use a longer period")
        size = self.counts.sum(axis=1)
        enough = (size >= MIN_COUNT)[:, None]
        masses = masses_of_counts(np.where(enough, self.counts, total))
        return _rising(masses, size) if self.rising else masses


def _rising(masses: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Distributions whose scores rise with the class, except in the last class.

    Args:
        masses: Dims (class, mass).
        size: Number of scores of each class.
    """
    below = masses.cumsum(axis=1)[:, :-1]
    ordered = np.arange(len(size) - 1)
    weight = np.maximum(size[ordered], 1)
    for column in below.T:
        fitted = IsotonicRegression(increasing=False).fit(ordered, column[ordered], weight)
        column[ordered] = fitted.predict(ordered)
    # Regressions with the same weights keep the order of the edges, but for rounding.
    return np.maximum(np.diff(below, prepend=0.0, append=1.0), 0.0)


class ByClass:
    """Baseline that predicts the distribution of the training scores in the class of the window.

    Args:
        classify: Function from a block to the class of each evaluated window, dims (n,).
        classes: Number of classes.
        rising: Whether the scores must rise with the class, as in `ConditionalClimatology`.
    """

    def __init__(
        self, classify: Callable[[Block], np.ndarray], classes: int, *, rising: bool = False
    ) -> None:
        self._classify = classify
        self._climatology = ConditionalClimatology(classes, rising=rising)

    def learn(self, block: Block) -> None:
        """Count the scores of each class."""
        self._climatology.add(self._classify(block), block.scores)

    def predict(self, block: Block) -> np.ndarray:
        """Distribution of the class of each window, dims (n, mass)."""
        return self._climatology.masses()[self._classify(block)]


class NearestMaps:
    """Baseline that predicts the scores of the training maps nearest in the latent space.

    All windows of a map get the same distribution.

    Args:
        latents: Latent vectors of all maps: time, z0, z1, ….
    """

    def __init__(self, latents: pd.DataFrame) -> None:
        self._latents = pd.DataFrame(latent_columns(latents), index=latents["time"])
        self._times: list[np.ndarray] = []
        self._counts: list[np.ndarray] = []

    def learn(self, block: Block) -> None:
        """Count the scores of each map that has any."""
        flat = mass_numbers(block.scores) + block.map_index * MASSES
        counts = np.bincount(flat, minlength=len(block.times) * MASSES)
        counts = counts.reshape(len(block.times), -1)
        scored = counts.any(axis=1)
        self._times.append(block.times[scored])
        self._counts.append(counts[scored])

    def nearest(self, times: np.ndarray) -> np.ndarray:
        """Positions of the nearest training maps of each map, nearest first.

        Each component of the latent vectors is standardised by the training maps.

        Args:
            times: Starts of the half-hours of the maps, dims (map,).

        Returns:
            Dims (map, neighbour), integers.
        """
        training, maps = (self._vectors(t) for t in (np.concatenate(self._times), times))
        mean, spread = training.mean(axis=0), np.maximum(training.std(axis=0), 1e-9)
        training, maps = ((v - mean) / spread for v in (training, maps))
        squared = (maps**2).sum(axis=1)[:, None] - 2 * maps @ training.T
        squared = squared + (training**2).sum(axis=1)
        return np.argsort(squared, axis=1, kind="stable")[:, :NEIGHBOURS]

    def predict(self, block: Block) -> np.ndarray:
        """Distribution of all scores of the nearest maps, dims (n, mass)."""
        counts = np.concatenate(self._counts)[self.nearest(block.times)].sum(axis=1)
        return masses_of_counts(counts)[block.map_index]

    def predict_maps(self, times: np.ndarray, scores: pd.Series) -> np.ndarray:
        """Distribution of the map scores of the nearest maps.

        Args:
            times: Starts of the half-hours of the maps, dims (map,).
            scores: Map scores of the training maps by time.

        Returns:
            Dims (map, mass).
        """
        training = scores.reindex(np.concatenate(self._times).astype("datetime64[ns]")).to_numpy()
        return masses_of(training[self.nearest(times)])

    def _vectors(self, times: np.ndarray) -> np.ndarray:
        return self._latents.reindex(times.astype("datetime64[ns]")).to_numpy(np.float64)


def random_error_class(block: Block) -> np.ndarray:
    """Class of IMERG's random error of each evaluated window; the last class is for missing."""
    error = block.random_error[block.evaluated]
    label = np.searchsorted(ERROR_EDGES, error, side="right")
    return np.where(np.isnan(error), ERROR_CLASSES - 1, label)


def cluster_class(clusters: pd.DataFrame, times: np.ndarray) -> np.ndarray:
    """Class of each map by its cluster.

    Args:
        clusters: Clusters of the maps: time, cluster.
        times: Starts of the half-hours, dims (map,).

    Returns:
        Dims (map,): 1 + cluster; 0 with too little rain or without any rain estimate.
    """
    labels = clusters.set_index("time")["cluster"]
    return labels.reindex(times.astype("datetime64[ns]"), fill_value=DRY).to_numpy(int) + 1


def cluster_method(name: str) -> str:
    """Name in result tables of the baseline by the clusters of a clustering method."""
    return f"map cluster ({name})"


def by_cluster(clusters: pd.DataFrame) -> ByClass:
    """Baseline by the cluster of the map.

    Args:
        clusters: Clusters of all maps: time, cluster.
    """

    def classify(block: Block) -> np.ndarray:
        return cluster_class(clusters, block.times)[block.map_index]

    return ByClass(classify, int(clusters["cluster"].max()) + 2)


def make_baselines(
    clusters: Mapping[str, pd.DataFrame], nearest: NearestMaps
) -> dict[str, Baseline]:
    """All baselines by name, before training.

    Args:
        clusters: Clusters of all maps (time, cluster) by clustering method.
        nearest: Baseline by the latent vectors of all maps.
    """
    return {
        CLIMATOLOGY: ByClass(lambda block: np.zeros(block.scores.size, int), 1),
        "source and age": ByClass(
            lambda block: block.classes["source_age"], len(SOURCE_NAMES) * AGE_CLASSES
        ),
        QUALITY_INDEX: ByClass(
            lambda block: block.classes["quality"], QUALITY_CLASSES, rising=True
        ),
        "random error": ByClass(random_error_class, ERROR_CLASSES),
        **{cluster_method(name): by_cluster(table) for name, table in clusters.items()},
        NEAREST_MAPS: nearest,
    }
