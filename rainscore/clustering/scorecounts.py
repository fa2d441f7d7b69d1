"""What a cluster says of the score of a new map: a calibrated distribution, without radar."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

BINS = 1000
"""Scores, 0 to 1, are counted to 1 / BINS."""


SHRINK_DAYS = 2.0
"""Days that all clusters together count for in what is said of one: a cluster of two days is half
itself. Found on days that are not held out: without it, clusters of a day or two cover too little;
beyond four, the score is told less well."""


LEVELS = np.round(np.linspace(0.5, 0.995, 100), 3)
"""Nominal coverages among which the calibrated one is sought."""


@dataclass(frozen=True)
class ScoreCounts:
    """Maps counted by day, cluster and score.

    Attributes:
        counts: Dims (day, cluster, BINS + 1).
        clusters: (cluster,) labels, DRY among them or not.
        days: (day,) their starts.
    """

    counts: np.ndarray
    clusters: np.ndarray
    days: np.ndarray

    def without(self, day: int) -> np.ndarray:
        """Counts of all other days."""
        kept = np.ones(len(self.days), bool)
        kept[day] = False
        return self.counts[kept]


def count_scores(rows: pd.DataFrame, clusters: ArrayLike) -> ScoreCounts:
    """Count maps by day, cluster and score.

    Args:
        rows: time, cluster, map_score [1]; rows without a score are left out.
        clusters: All labels there are, those without a map too.

    Raises:
        ValueError: No map has a score.
    """
    known = rows.dropna(subset=["map_score"])
    if known.empty:
        raise ValueError("no map has a score: there is nothing to label the clusters with")
    labels = np.unique(np.asarray(clusters, int))
    days, day = np.unique(known["time"].to_numpy().astype("datetime64[D]"), return_inverse=True)
    place = np.searchsorted(labels, known["cluster"].to_numpy(int))
    scores = np.rint(known["map_score"].to_numpy(float) * BINS).astype(int)
    counts = np.zeros((len(days), len(labels), BINS + 1))
    np.add.at(counts, (day, place, scores), 1)
    return ScoreCounts(counts, labels, days)


def blended(counts: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Cumulative distribution of the score in each cluster, shrunk to that of all clustered maps.

    The own maps weigh d / (d + SHRINK_DAYS), d the cluster's days. Maps with too little rain are
    their own class: it is shrunk to nothing else, unless it is empty.

    Args:
        counts: Of `ScoreCounts`, any days.
        clusters: Its labels.

    Returns:
        Dims (cluster, BINS + 1), ending at 1.
    """
    own = counts.sum(axis=0)
    whole = own[clusters != DRY].sum(axis=0)
    whole = whole if whole.any() else own.sum(axis=0)
    days = counts.any(axis=2).sum(axis=0)
    shrink = np.where((clusters == DRY) & (days > 0), 0.0, SHRINK_DAYS)
    weight = (days / (days + shrink))[:, None]
    share = own / np.maximum(own.sum(axis=1, keepdims=True), 1)
    cumulative = (weight * share + (1 - weight) * whole / whole.sum()).cumsum(axis=1)
    return cumulative / cumulative[:, -1:]


def quantiles(cumulative: np.ndarray, levels: ArrayLike) -> np.ndarray:
    """Quantiles, dims (cluster, level), of the distributions of `blended`."""
    return _places(cumulative, np.asarray(levels, float)) / BINS


def _places(cumulative: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """First bin at which each distribution reaches each level, dims (cluster, level)."""
    # The sums are rounded: a level that is reached but for the last digit is reached.
    return np.stack([np.searchsorted(row, levels - 1e-9) for row in cumulative])


def calibrated_levels(scores: ScoreCounts, coverage: float = 0.9) -> np.ndarray:
    """Nominal coverage of each cluster's interval with which days left out are covered.

    Each day is held against the distributions of the other days; a day is left out whole, since its
    maps share its weather. The share of a cluster's maps that is covered is blended with that of
    all maps, by its days, as the distributions are; the lowest level that reaches `coverage` is
    taken. With a single day nothing can be left out: the level is `coverage`.

    Args:
        scores: Of `count_scores`.
        coverage: Share of new maps that the interval shall hold.

    Returns:
        Dims (cluster,).
    """
    if len(scores.days) < 2:
        return np.full(len(scores.clusters), coverage)
    covered = np.zeros((len(scores.clusters), len(LEVELS)))
    for day, found in enumerate(scores.counts):
        cumulative = blended(scores.without(day), scores.clusters)
        low = _places(cumulative, (1 - LEVELS) / 2)
        high = _places(cumulative, (1 + LEVELS) / 2)
        upto = np.pad(found.cumsum(axis=1), ((0, 0), (1, 0)))
        covered += np.take_along_axis(upto, high + 1, 1) - np.take_along_axis(upto, low, 1)
    maps = scores.counts.sum(axis=(0, 2))
    days = scores.counts.any(axis=2).sum(axis=0)[:, None]
    own = covered / np.maximum(maps, 1)[:, None]
    pooled = covered.sum(axis=0) / maps.sum()
    share = (days * own + SHRINK_DAYS * pooled) / (days + SHRINK_DAYS)
    reached = share >= coverage
    return np.where(reached.any(axis=1), LEVELS[reached.argmax(axis=1)], LEVELS[-1])


def score_intervals(scores: ScoreCounts, coverage: float = 0.9) -> pd.DataFrame:
    """Calibrated score of a new map of each cluster.

    Args:
        scores: Of `count_scores`, days that the new map is not of.
        coverage: Share of new maps that the interval shall hold.

    Returns:
        One row a cluster: cluster, score (median), score_low, score_high [1], level (the nominal
        coverage that holds in truth).
    """
    level = calibrated_levels(scores, coverage)
    cumulative = blended(scores.counts, scores.clusters)
    ends = [
        quantiles(row[None], [(1 - one) / 2, 0.5, (1 + one) / 2])[0]
        for row, one in zip(cumulative, level, strict=True)
    ]
    table = pd.DataFrame(ends, columns=["score_low", "score", "score_high"])
    return table.assign(cluster=scores.clusters, level=level)


DRY = -1
"""Cluster of the maps with too little rain, which are not clustered."""
