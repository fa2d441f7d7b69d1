"""Forest of trees for the distribution of the score."""

from typing import Any

import lightgbm
import numpy as np

from rainscore.evaluation.blocks import Block
from rainscore.evaluation.boosting import REPRODUCIBLE
from rainscore.evaluation.windowfeatures import WindowSample
from rainscore.scores.distribution import MASSES, mass_numbers

TREES = 60
"""Number of trees."""

FOREST: dict[str, Any] = {
    "objective": "regression",
    "boosting": "rf",
    "num_leaves": 2000,
    "min_data_in_leaf": 10,
    "feature_fraction_bynode": 0.3,
    "bagging_fraction": 0.5,
    "bagging_freq": 1,
    "max_bin": 127,
}
"""Settings of the forest, chosen on the validation days (docs/evaluation.md)."""


class QuantileForest:
    """Mean over trees of the scores in the leaf that a window falls into.

    Quantile regression forests (Meinshausen 2006, Journal of Machine Learning Research 7). The
    trees are those of LightGBM's random forest, and the leaves hold the scores of all drawn
    windows.

    Args:
        sample: Sample of the training windows.
        threads: Number of threads.
        seed: Random seed of the trees.
    """

    def __init__(self, sample: WindowSample, *, threads: int, seed: int) -> None:
        self._sample = sample
        self._settings = FOREST | REPRODUCIBLE | {"num_threads": threads, "seed": seed}
        self._model: lightgbm.Booster | None = None
        self._leaves = np.empty((0, 0, MASSES), np.float32)

    def learn(self, block: Block) -> None:
        """Draw some of the evaluated windows."""
        self._sample.learn(block)

    def predict(self, block: Block) -> np.ndarray:
        """Distribution of each evaluated window, dims (n, mass)."""
        model = self._model or self._fit()
        features = self._sample.features_of(block)
        masses = np.zeros((len(features), MASSES), np.float32)
        if len(features):
            leaves = np.asarray(model.predict(features, pred_leaf=True), np.intp)
            for table, column in zip(self._leaves, leaves.T, strict=True):
                masses += table[column]
        return masses / np.float32(TREES)

    def _fit(self) -> lightgbm.Booster:
        features, scores = self._sample.features, self._sample.scores
        self._model = lightgbm.train(self._settings, lightgbm.Dataset(features, scores), TREES)
        leaves = np.asarray(self._model.predict(features, pred_leaf=True), np.intp)
        self._leaves = leaf_masses(leaves, mass_numbers(scores))
        return self._model


def leaf_masses(leaves: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Distribution of the scores in each leaf.

    Args:
        leaves: Leaf of each window in each tree, dims (n, tree).
        numbers: Number of the mass of each score, dims (n,).

    Returns:
        Dims (tree, leaf, mass), float32; 0 in a leaf without windows.
    """
    size = int(leaves.max()) + 1
    counts = np.stack(
        [np.bincount(tree * MASSES + numbers, minlength=size * MASSES) for tree in leaves.T]
    ).reshape(leaves.shape[1], size, MASSES)
    return (counts / np.maximum(counts.sum(axis=2, keepdims=True), 1)).astype(np.float32)
