"""Evaluation of the cluster labels on held-out days: coverage, skill, false alarms."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from rainscore.clustering.labels import EXCLUDED_SPLITS
from rainscore.clustering.novelty import false_alarms
from rainscore.clustering.scoredistributions import (
    BINS,
    ScoreCounts,
    count_scores,
    score_intervals,
    shrunk_distributions,
)
from rainscore.evaluation.daysums import COLUMNS, DaySums, Groups, single_group
from rainscore.evaluation.skill import (
    CLIMATOLOGY,
    STATISTICS,
    UNET,
    Bounds,
    paired_table,
    score_statistics,
    skill_table,
)
from rainscore.scores.distribution import (
    MASSES,
    crps,
    mass_numbers,
    masses_from_quantiles,
    masses_of,
)

CLUSTER, POOL = "cluster", "U-Net and cluster"

LEVELS = [round(0.05 * i, 2) for i in range(1, 20)]
"""Levels of the errors of the U-Net's map score that describe its distribution."""

MAX_FOLDS = 24
"""Maximum number of parts of the days, each left out in turn."""


class Prediction(NamedTuple):
    """Predicted map scores.

    Attributes:
        masses: Distributions (`scores.distribution`), dims (map, mass).
        bounds: Bounds of the 90 % interval where it is not that of the masses, dims (map,) each.
    """

    masses: np.ndarray
    bounds: Bounds | None = None


def check_labels(
    clusters: pd.DataFrame, table: pd.DataFrame, unet: pd.Series, *, resamples: int, seed: int
) -> pd.DataFrame:
    """Evaluate labels on days that they were not made from.

    - split `map`: the test days, with labels from all other days: distribution of the cluster, map
      score of the U-Net, both pooled, climatology. `crps_skill` is relative to climatology,
      `crps_gain` to the U-Net alone, on the same resampled blocks of two days.
    - split `cluster`: the same by cluster.
    - split `left out`: all days but the gaps, in at most MAX_FOLDS parts, each evaluated with
      labels from the other parts. It has more days than the test split and evaluates the coverage
      of the method rather than of these labels.
    - split `novelty`: share of the clustered test maps that are flagged as novel
      (`novelty.false_alarms`).

    Args:
        clusters: Clusters of all maps: time, split, cluster, novel.
        table: Score tables: time, map_score.
        unet: Map score predicted by the U-Net, by time, for the calibration and the test days.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples.

    Returns:
        `COLUMNS`, with 95 % intervals over resampled blocks of two days.
    """
    rows = clusters.merge(table[["time", "map_score"]], on="time", validate="one_to_one")
    rows = rows[rows["split"] != "gap"].dropna(subset=["map_score"])
    rows["unet"] = unet.reindex(rows["time"]).to_numpy()
    held_out = rows["split"].isin(EXCLUDED_SPLITS)
    labelled, test = rows[~held_out], rows[held_out]
    predicted = _label_predictions(labelled, test) | _unet_predictions(labelled, test)
    sums = DaySums(len(STATISTICS))
    by_cluster = Groups.of_labels(test["cluster"].astype(str).to_numpy())
    _add(sums, test, predicted, {"map": single_group(len(test)), "cluster": by_cluster})
    for times in _folds(rows):
        fold = rows["time"].isin(times)
        remaining, left_out = rows[~fold], rows[fold]
        groupings = {"left out": single_group(len(left_out))}
        _add(sums, left_out, _label_predictions(remaining, left_out), groupings)
    draws = {"resamples": resamples, "seed": seed}
    tables = [skill_table(sums, reference=CLIMATOLOGY, **draws), false_alarms(clusters, **draws)]
    if POOL in predicted:
        tables.append(_gain_table(sums, **draws))
    return pd.concat(tables, ignore_index=True)


def _gain_table(sums: DaySums, *, resamples: int, seed: int) -> pd.DataFrame:
    """Rows `crps_gain`: skill relative to the U-Net alone, of the cluster and of both pooled."""
    pairs = paired_table(sums, splits=["map"], resamples=resamples, seed=seed)
    gain = pairs[(pairs["other"] == UNET) & pairs["method"].isin([CLUSTER, POOL])]
    names = {"skill": "value", "skill_low": "low", "skill_high": "high"}
    gain = gain.drop(columns=["low", "high"]).rename(columns=names)
    return gain.assign(measure="crps_gain")[COLUMNS]


def _folds(rows: pd.DataFrame) -> list[np.ndarray]:
    """Half-hours of consecutive days, in at most MAX_FOLDS parts; none of a single day."""
    day = rows["time"].dt.normalize()
    days = np.unique(day)
    parts = np.array_split(days, min(MAX_FOLDS, len(days))) if len(days) > 1 else []
    return [rows.loc[day.isin(part), "time"].to_numpy() for part in parts]


def _label_predictions(labelled: pd.DataFrame, maps: pd.DataFrame) -> dict[str, Prediction]:
    """Map score from climatology and from the cluster labels, by method.

    Args:
        labelled: Maps that the labels are made from: time, cluster, map_score.
        maps: Maps to predict: cluster.
    """
    scores = count_scores(labelled, pd.concat([labelled, maps])["cluster"].to_numpy())
    position = np.searchsorted(scores.clusters, maps["cluster"].to_numpy())
    climatology = masses_of(labelled["map_score"].to_numpy())
    ends = score_intervals(scores)
    low, high = (ends[name].to_numpy()[position] for name in ("score_low", "score_high"))
    return {
        CLIMATOLOGY: Prediction(np.broadcast_to(climatology, (len(maps), MASSES))),
        CLUSTER: Prediction(label_masses(scores)[position], (low, high)),
    }


def label_masses(scores: ScoreCounts) -> np.ndarray:
    """Distribution of the map score in each cluster, dims (cluster, mass).

    Args:
        scores: Counts of `scoredistributions.count_scores`.
    """
    cumulative = shrunk_distributions(scores.counts, scores.clusters)
    numbers = mass_numbers(np.arange(BINS + 1) / BINS)
    return np.diff(cumulative, prepend=0.0) @ np.eye(MASSES)[numbers]


def _unet_predictions(labelled: pd.DataFrame, maps: pd.DataFrame) -> dict[str, Prediction]:
    """Map score from the U-Net, alone and pooled with the cluster label, by method.

    The distribution of the U-Net is its map score plus its errors on the calibration days. The
    pooled distribution is a weighted mean of both; the weight minimises the CRPS on the calibration
    days, each predicted from the errors and labels of the other days. Without a map score (no rain
    in any window) the cluster's distribution is used.

    Args:
        labelled: Maps that the labels are made from: time, split, cluster, map_score, unet.
        maps: Maps to predict: cluster, unet.

    Returns:
        Empty with fewer than two calibration days or without maps.
    """
    held = labelled[(labelled["split"] == "calibration") & labelled["unet"].notna()]
    day = held["time"].dt.normalize()
    if day.nunique() < 2 or maps.empty:
        return {}
    network, label = (np.empty((len(held), MASSES)) for _ in range(2))
    for held_day in day.unique():
        on_day = (day == held_day).to_numpy()
        remaining = labelled[labelled["time"].dt.normalize() != held_day]
        network[on_day] = _with_errors(held[~on_day], held[on_day])
        label[on_day] = _label_predictions(remaining, held[on_day])[CLUSTER].masses
    weight = pool_weight(network, label, held["map_score"].to_numpy())
    from_label = _label_predictions(labelled, maps)[CLUSTER].masses
    from_network = _with_errors(held, maps)
    from_network = np.where(np.isnan(from_network), from_label, from_network)
    pooled = weight * from_network + (1 - weight) * from_label
    return {UNET: Prediction(from_network), POOL: Prediction(pooled)}


def _with_errors(held: pd.DataFrame, maps: pd.DataFrame) -> np.ndarray:
    """Map score of the U-Net plus its errors on `held`, dims (map, mass)."""
    errors = np.quantile(held["map_score"] - held["unet"], LEVELS)
    return masses_from_quantiles(maps["unet"].to_numpy()[:, None] + errors, LEVELS)


def pool_weight(first: np.ndarray, second: np.ndarray, scores: np.ndarray) -> float:
    """Weight of the first of two distributions whose weighted mean has the lowest CRPS.

    Args:
        first: Distributions, dims (map, mass).
        second: Distributions, dims (map, mass).
        scores: True map scores, dims (map,).

    Returns:
        A multiple of 0.05, between 0 and 1.
    """
    weights = np.linspace(0, 1, 21)
    loss = [crps(w * first + (1 - w) * second, scores).mean() for w in weights]
    return float(weights[int(np.argmin(loss))])


def _add(
    sums: DaySums,
    rows: pd.DataFrame,
    predicted: Mapping[str, Prediction],
    groupings: Mapping[str, Groups],
) -> None:
    """Add the statistics of predictions by method."""
    # Labels count scores in steps of 1 / BINS, so the scores are rounded before comparison.
    scores = np.rint(rows["map_score"].to_numpy() * BINS) / BINS
    days = rows["time"].dt.strftime("%Y-%m-%d").to_numpy()
    for method, (masses, bounds) in predicted.items():
        sums.add(method, days, groupings, score_statistics(masses, scores, bounds))


def all_maps_row(checks: pd.DataFrame, method: str, measure: str, split: str) -> pd.Series | None:
    """Row of a measure over all maps in the table of `check_labels`; None if there is none."""
    rows = checks[
        (checks["method"] == method)
        & (checks["measure"] == measure)
        & (checks["split"] == split)
        & (checks["group"] == "all")
    ]
    return rows.iloc[0] if len(rows) else None
