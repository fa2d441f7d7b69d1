"""Rivals of the U-Net's map score: from features of the map, and from other local scores."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd

from rainscore.evaluation.baselines import Baseline
from rainscore.evaluation.blocks import Block, read_blocks, with_target
from rainscore.evaluation.boosting import REPRODUCIBLE, masses_below
from rainscore.scores.distribution import BINS, MASSES, mass_numbers, masses_from_quantiles
from rainscore.training.mapscore import (
    MAP_LEVELS,
    fit_map_score,
    map_features,
    map_margins,
    map_score,
    predict_map_score,
    with_classes,
)

MAP_BOOSTING = "map boosting"
"""Method that predicts the map score from the features of the map."""

SINGLE_FEATURES = {"wet share": "wet_share", "mean rain": "mean_rain"}
"""Methods that predict the map score from one feature, and the feature."""

EVERY = 3
"""Local scores are predicted at every third row and column of a map."""

EDGES = (0, *range(2, BINS, 2), BINS)
"""Masses up to which the probability of the map score is learnt."""

ROUNDS = 60
"""Number of trees per threshold."""

SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 6,
    "min_data_in_leaf": 30,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.5,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
}
"""Settings of the boosting of map scores: small trees, since maps are few."""


def boosted_maps(
    training: pd.DataFrame, scores: np.ndarray, maps: pd.DataFrame, *, seed: int
) -> np.ndarray:
    """Distributions of the map score by gradient boosting of the features of the map.

    Args:
        training: Features of the training maps.
        scores: Their map scores, dims (n,), without NaN.
        maps: Features of the maps to predict, the same columns.
        seed: Random seed.

    Returns:
        Dims (map, mass).
    """
    numbers = mass_numbers(scores)
    settings = SETTINGS | REPRODUCIBLE | {"num_threads": 1, "seed": seed}
    known, new = (table.to_numpy(np.float64) for table in (training, maps))
    below = np.empty((len(new), len(EDGES)))
    for i, edge in enumerate(EDGES):
        label = numbers <= edge
        if label.all() or not label.any():
            below[:, i] = label.mean()
            continue
        data = lightgbm.Dataset(known, label.astype(np.float32))
        below[:, i] = lightgbm.train(settings, data, ROUNDS).predict(new)
    return masses_below(below, EDGES)


def feature_rivals(
    training: pd.DataFrame, scores: pd.Series, maps: pd.DataFrame, *, seed: int
) -> dict[str, np.ndarray]:
    """Distributions of the map score by boosting of all features, and of single ones.

    Args:
        training: Features of the training maps (`mapfeatures.features_of_maps`), with time.
        scores: Map scores of the training maps by time.
        maps: Features of the maps to predict, with time.
        seed: Random seed.

    Returns:
        By method, dims (map, mass).
    """
    rows = training[training["time"].isin(scores.index)]
    observed = scores.reindex(rows["time"]).to_numpy()
    every = [name for name in training if name != "time"]
    used = {MAP_BOOSTING: every} | {name: [one] for name, one in SINGLE_FEATURES.items()}
    return {
        name: boosted_maps(rows[columns], observed, maps[columns], seed=seed)
        for name, columns in used.items()
    }


class MapModel:
    """The map model of the U-Net, fed with the local scores of another method.

    The curve is fitted on the validation days and its margins on the calibration days, as those
    of the U-Net. The method does not predict hidden rain: its share of the dry windows is that of
    the training days.

    Args:
        method: Fitted method.
        hidden_share: Share of the windows without rain in IMERG where the radar has rain.
    """

    def __init__(self, method: Baseline, hidden_share: float) -> None:
        self._method, self._hidden = method, hidden_share

    def fit(
        self,
        paths: Sequence[Path],
        times: Mapping[str, np.ndarray],
        observed: pd.Series,
        hidden: Sequence[str],
    ) -> None:
        """Fit the curve and the margins.

        Args:
            paths: Training files.
            times: Half-hours of the splits `validation` and `calibration`.
            observed: Map scores by time.
            hidden: Channels that are hidden from all methods.
        """
        parts = {}
        for split in ("validation", "calibration"):
            blocks = read_blocks(paths, times[split][::EVERY], hidden)
            rows = [(block.times, self.features(block)) for block in blocks]
            starts, features = (np.concatenate(part) for part in zip(*rows, strict=True))
            starts = starts.astype("datetime64[ns]")
            parts[split] = features, observed.reindex(starts).to_numpy(float), starts
        features, truth, _ = parts["validation"]
        curve = fit_map_score(features, truth)
        features, truth, starts = parts["calibration"]
        self._curve = with_classes(curve, features, truth)
        value = predict_map_score(features, self._curve)
        self._margins = map_margins(self._curve, value, truth, starts.astype("datetime64[D]"))

    def features(self, block: Block) -> np.ndarray:
        """Features of `mapscore.map_features`, on every third row and column."""
        chosen = np.zeros_like(block.wet)
        chosen[:, ::EVERY, ::EVERY] = block.wet[:, ::EVERY, ::EVERY]
        masses = np.zeros((*block.wet.shape, MASSES), np.float32)
        masses[chosen] = self._method.predict(with_target(block, np.where(chosen, 0, np.nan)))
        hidden = np.full(block.wet.shape, self._hidden)
        fields = (np.moveaxis(masses, -1, 1), hidden, block.wet, block.radar_valid, block.inputs)
        return map_features(*(np.asarray(field)[..., ::EVERY, ::EVERY] for field in fields))

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Distributions of the map score, dims (map, mass), from `features`."""
        bounds = map_score(features, self._curve, self._margins)[["low", "value", "high"]]
        return masses_from_quantiles(bounds.to_numpy(), MAP_LEVELS)
