"""Distribution of the map score in each cluster, and calibrated intervals for new maps."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

DRY = -1
"""Cluster of the maps with too little rain, which are not clustered."""

BINS = 1000
"""Scores, from 0 to 1, are counted in steps of 1 / BINS."""

SHRINK_DAYS = 2.0
"""Number of days that the distribution of all clustered maps counts for in that of one cluster.

Chosen on days that are not held out: with 0, the intervals of clusters of one or two days cover too
little; above 4, the CRPS increases."""

LEVELS = np.round(np.linspace(0.5, 0.995, 100), 3)
"""Nominal coverages from which the calibrated one is chosen."""


@dataclass(frozen=True)
class ScoreCounts:
    """Number of maps by day, cluster and score.

    Attributes:
        counts: Dims (day, cluster, BINS + 1).
        clusters: Labels, dims (cluster,), ascending; may include DRY.
        days: Starts of the days, dims (day,).
    """

    counts: np.ndarray
    clusters: np.ndarray
    days: np.ndarray

    def without(self, day: int) -> np.ndarray:
        """Counts of all days but the one with that number."""
        kept = np.ones(len(self.days), bool)
        kept[day] = False
        return self.counts[kept]


def count_scores(rows: pd.DataFrame, clusters: ArrayLike) -> ScoreCounts:
    """Count maps by day, cluster and score.

    Args:
        rows: One row per map: time, cluster, map_score [1]; rows without a score are ignored.
        clusters: All cluster labels, including those without a map.

    Raises:
        ValueError: No map has a score.
    """
    scored = rows.dropna(subset=["map_score"])
    if scored.empty:
        raise ValueError("no map has a score: the clusters cannot be labelled")
    labels = np.unique(np.asarray(clusters, int))
    days, day = np.unique(scored["time"].to_numpy().astype("datetime64[D]"), return_inverse=True)
    cluster = np.searchsorted(labels, scored["cluster"].to_numpy(int))
    scores = np.rint(scored["map_score"].to_numpy(float) * BINS).astype(int)
    counts = np.zeros((len(days), len(labels), BINS + 1))
    np.add.at(counts, (day, cluster, scores), 1)
    return ScoreCounts(counts, labels, days)


def shrunk_distributions(counts: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Cumulative distribution of the score in each cluster, shrunk to that of all clustered maps.

    The maps of a cluster of d days have the weight d / (d + SHRINK_DAYS), all clustered maps the
    rest. The distribution of DRY is not shrunk, unless DRY has no map.

    Args:
        counts: Counts of any days, as in `ScoreCounts`.
        clusters: Labels, as in `ScoreCounts`.

    Returns:
        Dims (cluster, BINS + 1); the last value is 1.
    """
    by_cluster = counts.sum(axis=0)
    pooled = by_cluster[clusters != DRY].sum(axis=0)
    pooled = pooled if pooled.any() else by_cluster.sum(axis=0)
    days = counts.any(axis=2).sum(axis=0)
    shrink = np.where((clusters == DRY) & (days > 0), 0.0, SHRINK_DAYS)
    weight = (days / (days + shrink))[:, None]
    share = by_cluster / np.maximum(by_cluster.sum(axis=1, keepdims=True), 1)
    cumulative = (weight * share + (1 - weight) * pooled / pooled.sum()).cumsum(axis=1)
    return cumulative / cumulative[:, -1:]


def quantiles(cumulative: np.ndarray, levels: ArrayLike) -> np.ndarray:
    """Quantiles of distributions.

    Args:
        cumulative: From `shrunk_distributions`.
        levels: Probabilities, dims (level,).

    Returns:
        Scores, dims (cluster, level).
    """
    return _bins_at(cumulative, np.asarray(levels, float)) / BINS


def _bins_at(cumulative: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """First bin at which each distribution reaches each level, dims (cluster, level)."""
    # The tolerance absorbs rounding errors of the cumulative sums.
    return np.stack([np.searchsorted(row, levels - 1e-9) for row in cumulative])


def calibrated_levels(scores: ScoreCounts, coverage: float = 0.9) -> np.ndarray:
    """Nominal coverage with which the interval of each cluster covers days that are left out.

    Each day is compared with the distributions of the other days (leave-one-out; whole days,
    because the maps of a day share its weather). The covered share of a cluster's maps is shrunk to
    that of all maps, as the distributions are; the lowest level that reaches `coverage` is
    returned. With a single day the level is `coverage`.

    Args:
        scores: From `count_scores`.
        coverage: Share of new maps that the interval is to cover.

    Returns:
        Dims (cluster,).
    """
    if len(scores.days) < 2:
        return np.full(len(scores.clusters), coverage)
    covered = np.zeros((len(scores.clusters), len(LEVELS)))
    for day, day_counts in enumerate(scores.counts):
        cumulative = shrunk_distributions(scores.without(day), scores.clusters)
        low = _bins_at(cumulative, (1 - LEVELS) / 2)
        high = _bins_at(cumulative, (1 + LEVELS) / 2)
        below = np.pad(day_counts.cumsum(axis=1), ((0, 0), (1, 0)))
        covered += np.take_along_axis(below, high + 1, 1) - np.take_along_axis(below, low, 1)
    maps = scores.counts.sum(axis=(0, 2))
    days = scores.counts.any(axis=2).sum(axis=0)[:, None]
    by_cluster = covered / np.maximum(maps, 1)[:, None]
    pooled = covered.sum(axis=0) / maps.sum()
    share = (days * by_cluster + SHRINK_DAYS * pooled) / (days + SHRINK_DAYS)
    reached = share >= coverage
    return np.where(reached.any(axis=1), LEVELS[reached.argmax(axis=1)], LEVELS[-1])


def score_intervals(scores: ScoreCounts, coverage: float = 0.9) -> pd.DataFrame:
    """Median and calibrated interval of the score of a new map of each cluster.

    Args:
        scores: From `count_scores`, without the days of the new map.
        coverage: Share of new maps that the interval is to cover.

    Returns:
        One row per cluster: cluster, score (median), score_low, score_high [1], level (nominal
        coverage of the interval, from `calibrated_levels`).
    """
    levels = calibrated_levels(scores, coverage)
    cumulative = shrunk_distributions(scores.counts, scores.clusters)
    ends = [
        quantiles(row[None], [(1 - level) / 2, 0.5, (1 + level) / 2])[0]
        for row, level in zip(cumulative, levels, strict=True)
    ]
    table = pd.DataFrame(ends, columns=["score_low", "score", "score_high"])
    return table.assign(cluster=scores.clusters, level=levels)
