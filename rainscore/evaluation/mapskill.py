"""Skill of the predicted map score on held-out maps, and detection of bad maps."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from rainscore.evaluation.baselines import (
    NEAREST_MAPS,
    QUALITY_INDEX,
    NearestMaps,
    cluster_method,
)
from rainscore.evaluation.daysums import DayCounts, DaySums, Groups, single_group
from rainscore.evaluation.maprivals import feature_rivals
from rainscore.evaluation.ranks import (
    PREDICTED_BINS,
    SCORE_BINS,
    auc,
    bad_map_bins,
    rank_bins,
    rank_table,
    spearman,
)
from rainscore.evaluation.skill import (
    CLIMATOLOGY,
    STATISTICS,
    UNET,
    paired_table,
    score_statistics,
    skill_table,
)
from rainscore.scores import distribution
from rainscore.scores.distribution import MASSES, masses_from_quantiles, masses_of
from rainscore.times import season_of
from rainscore.training.mapscore import MAP_LEVELS

BAD_SHARE = 0.2
"""A map is bad if its score is among this share of the lowest map scores of the training days."""

MIN_WET_SHARE = 0.02
"""Bad maps are detected among maps with at least this wet share: the others are mostly bad."""

QUALITY_CLASSES = 10
"""Number of classes of the mean quality index, with equally many training maps."""


class MapSkill(NamedTuple):
    """Tables of the map score.

    Attributes:
        skill: Table as of `skill.skill_table`.
        paired: Table as of `skill.paired_table`.
    """

    skill: pd.DataFrame
    paired: pd.DataFrame


def evaluate_maps(
    test: pd.DataFrame,
    training: pd.DataFrame,
    table: pd.DataFrame,
    clusters: Mapping[str, pd.DataFrame],
    nearest: NearestMaps,
    others: Mapping[str, np.ndarray],
    *,
    resamples: int,
    seed: int,
) -> MapSkill:
    """Evaluate the map score of the U-Net and of baselines on maps with rain in IMERG.

    All methods learn from such maps only: elsewhere the map score is low or undefined.

    Args:
        test: Held-out maps: value, low, high (map score of the U-Net), and the features of
            `mapfeatures.features_of_maps`.
        training: Training maps: these features.
        table: Score tables of all months: time, map_score, imerg_wet_windows, regime.
        clusters: Clusters of all maps (time, cluster) by clustering method.
        nearest: Baseline by the nearest training maps, after learning.
        others: Distributions of the map score of `test` by further methods, dims (map, mass).
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples.
    """
    by_time = table.set_index("time")
    rainy = by_time.index[by_time["imerg_wet_windows"] > 0]
    of_training = by_time.index.isin(training["time"]) & by_time.index.isin(rainy)
    training_scores = by_time.loc[of_training, "map_score"].dropna()
    scores = by_time["map_score"].reindex(test["time"]).to_numpy()
    evaluated = np.isfinite(scores) & test["value"].notna().to_numpy()
    test, scores = test[evaluated].reset_index(drop=True), scores[evaluated]
    predicted = {
        **_predictions(test, training, training_scores, clusters, nearest),
        **feature_rivals(training, training_scores, test[training.columns], seed=seed),
        **{name: masses[evaluated] for name, masses in others.items()},
    }
    bounds = {UNET: (test["low"].to_numpy(), test["high"].to_numpy())}
    rainy_enough = training.loc[training["wet_share"] >= MIN_WET_SHARE, "time"]
    bad = scores <= training_scores[training_scores.index.isin(rainy_enough)].quantile(BAD_SHARE)
    wet = test["wet_share"].to_numpy() >= MIN_WET_SHARE
    groupings = _groupings(test["time"], by_time["regime"])
    within_wet = _groupings(test.loc[wet, "time"], by_time["regime"])
    days = test["time"].dt.strftime("%Y-%m-%d").to_numpy()
    sums = DaySums(len(STATISTICS))
    ranks, detection = DayCounts(PREDICTED_BINS * SCORE_BINS), DayCounts(PREDICTED_BINS * 2)
    for method, masses in predicted.items():
        statistics = score_statistics(masses, scores, bounds.get(method))
        expected = distribution.mean(masses)
        sums.add(method, days, groupings, statistics)
        ranks.add(method, days, groupings, rank_bins(expected, scores))
        detection.add(
            method, days[wet], within_wet, bad_map_bins(expected[wet], bad[wet].astype(int))
        )
    draws = {"resamples": resamples, "seed": seed}
    skill = [
        skill_table(sums, reference=CLIMATOLOGY, **draws),
        rank_table(ranks, "rank_correlation", spearman, **draws),
        rank_table(detection, "auc_bad_map", auc, **draws),
    ]
    paired = paired_table(sums, splits=("map",), **draws)
    return MapSkill(pd.concat(skill, ignore_index=True), paired)


def _groupings(times: pd.Series, regimes: pd.Series) -> dict[str, Groups]:
    """Groupings of maps: all, season, and the weather regime where it is known for all maps.

    Args:
        times: Starts of the half-hours.
        regimes: Weather regime by time.
    """
    groupings = {
        "map": single_group(len(times)),
        "map season": Groups.of_labels(times.dt.month.map(season_of).to_numpy()),
    }
    regime = regimes.reindex(times)
    if regime.notna().all():
        groupings["map regime"] = Groups.of_labels(regime.to_numpy(str))
    return groupings


def _predictions(
    test: pd.DataFrame,
    training: pd.DataFrame,
    training_scores: pd.Series,
    clusters: Mapping[str, pd.DataFrame],
    nearest: NearestMaps,
) -> dict[str, np.ndarray]:
    """Distribution of the map score by method, dims (map, mass).

    Args:
        test, training, clusters, nearest: As in `evaluate_maps`.
        training_scores: Map scores of the training maps by time.
    """
    times = test["time"].to_numpy()
    edges = training["quality"].quantile(np.arange(1, QUALITY_CLASSES) / QUALITY_CLASSES)
    quality = pd.Series(_quality_class(training["quality"], edges), index=training["time"])
    labels = {name: table.set_index("time")["cluster"] for name, table in clusters.items()}
    bounds = test[["low", "value", "high"]].to_numpy()
    everything = masses_of(training_scores.to_numpy())
    return {
        CLIMATOLOGY: np.broadcast_to(everything, (len(test), MASSES)),
        QUALITY_INDEX: _class_masses(
            training_scores, quality, _quality_class(test["quality"], edges)
        ),
        **{
            cluster_method(name): _class_masses(
                training_scores, label, label.reindex(times).to_numpy()
            )
            for name, label in labels.items()
        },
        NEAREST_MAPS: nearest.predict_maps(times, training_scores),
        UNET: masses_from_quantiles(bounds, MAP_LEVELS),
    }


def _quality_class(quality: pd.Series, edges: pd.Series) -> np.ndarray:
    """Class of the mean quality index; −1 where missing."""
    return np.where(quality.notna(), np.searchsorted(edges.to_numpy(), quality), -1)


def _class_masses(training_scores: pd.Series, labels: pd.Series, classes: np.ndarray) -> np.ndarray:
    """Distribution of the training scores in the class of each map, or of all without any.

    Args:
        training_scores: Map scores of the training maps by time.
        labels: Classes by time.
        classes: Class of each map to predict, dims (map,).

    Returns:
        Dims (map, mass).
    """
    scored = pd.DataFrame({"label": labels, "score": training_scores}).dropna()
    by_class = {
        label: masses_of(part.to_numpy()) for label, part in scored.groupby("label")["score"]
    }
    everything = masses_of(training_scores.to_numpy())
    rows = [by_class.get(label, everything) for label in classes]
    return np.array(rows).reshape(-1, MASSES)
