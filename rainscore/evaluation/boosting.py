"""Gradient boosting of the distribution of the score."""

from itertools import pairwise
from typing import Any

import lightgbm
import numpy as np

from rainscore.evaluation.blocks import Block
from rainscore.evaluation.windowfeatures import WindowSample
from rainscore.scores.distribution import BINS, MASSES, mass_numbers

EDGES = (0, 1, *range(2, BINS, 2), BINS)
"""Masses up to which the probability is learnt: that of a score of 0, those below 0.05, 0.1, 0.2,
…, 0.9, and that below 1."""

ROUNDS = 60
"""Number of trees of each booster."""

BOOSTING: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.08,
    "num_leaves": 63,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.5,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 127,
}
"""Settings of each booster, chosen on the validation days (docs/evaluation.md)."""

REPRODUCIBLE: dict[str, Any] = {"deterministic": True, "force_row_wise": True, "verbosity": -1}
"""Settings for the same result in every run and with any number of threads."""


class Boosting:
    """One booster per threshold, for the probability that the score lies below it.

    Friedman 2001 (doi:10.1214/aos/1013203451), by LightGBM (Ke et al. 2017). Probabilities of
    thresholds, unlike quantiles, are not disturbed by scores of exactly 0 or 1. Crossing
    probabilities are raised to the largest of the lower thresholds; between thresholds the
    distribution is uniform.

    Args:
        sample: Sample of the training windows.
        threads: Number of threads.
        seed: Random seed of the boosters.
    """

    def __init__(self, sample: WindowSample, *, threads: int, seed: int) -> None:
        self._sample = sample
        self._settings = BOOSTING | REPRODUCIBLE | {"num_threads": threads, "seed": seed}
        self._models: list[lightgbm.Booster | float] = []

    def learn(self, block: Block) -> None:
        """Draw some of the evaluated windows."""
        self._sample.learn(block)

    def predict(self, block: Block) -> np.ndarray:
        """Distribution of each evaluated window, dims (n, mass)."""
        if not self._models:
            self._fit()
        features = self._sample.features_of(block)
        if not len(features):
            return np.empty((0, MASSES))
        columns = [
            np.full(len(features), model) if isinstance(model, float) else model.predict(features)
            for model in self._models
        ]
        return masses_below(np.stack(columns, axis=1), EDGES)

    def _fit(self) -> None:
        """Fit a booster per threshold; a share of 0 or 1 needs none."""
        numbers = mass_numbers(self._sample.scores)
        settings = {k: self._settings[k] for k in ("max_bin", *REPRODUCIBLE, "num_threads")}
        data = lightgbm.Dataset(self._sample.features, params=settings, free_raw_data=False)
        data.construct()
        for edge in EDGES:
            below = numbers <= edge
            if below.all() or not below.any():
                self._models.append(float(below.mean()))
                continue
            data.set_label(below.astype(np.float32))
            self._models.append(lightgbm.train(self._settings, data, ROUNDS))


def masses_below(below: np.ndarray, edges: tuple[int, ...]) -> np.ndarray:
    """Masses from probabilities up to some of the masses.

    Args:
        below: Probability of the masses 0 … edge together, dims (n, edge).
        edges: Numbers of masses, increasing, the last one BINS.

    Returns:
        Dims (n, MASSES).
    """
    rising = np.maximum.accumulate(below, axis=1)
    everywhere = np.empty((len(below), BINS + 1))
    everywhere[:, 0] = rising[:, 0]
    for i, (start, end) in enumerate(pairwise(edges)):
        share = np.arange(1, end - start + 1) / (end - start)
        step = (rising[:, i + 1] - rising[:, i])[:, None]
        everywhere[:, start + 1 : end + 1] = rising[:, i, None] + step * share
    return np.maximum(np.diff(everywhere, prepend=0.0, append=1.0), 0.0)
