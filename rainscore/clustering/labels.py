"""Labels of clusters: name, mean properties, and distribution of the map score."""

import numpy as np
import pandas as pd

from rainscore.clustering.naming import HOURS, SEASONS, name_clusters
from rainscore.clustering.scoredistributions import (
    BINS,
    DRY,
    ScoreCounts,
    count_scores,
    score_intervals,
)
from rainscore.imerg.passes import SOURCE_NAMES
from rainscore.scores.bootstrap import day_weights, interval
from rainscore.times import season_of

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Probabilities of the quantiles of the observed map scores."""

MIN_DAYS = 5
"""A cluster with fewer days that have a score is uncertain."""

MAX_WIDTH = 0.2
"""A cluster whose 95 % interval of the median score is wider is uncertain [1]."""

MICROWAVE = ["imager", "SSMIS", "sounder"]

DESCRIPTORS = ["wet_share", "intensity", "heavy_share", "scale_km", "east", "north"]

EXCLUDED_SPLITS = ("test", "gap")
"""Splits from which no label is made."""


def label_maps(clusters: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Maps from which labels are made, with their cluster and score.

    Args:
        clusters: Columns time, cluster, split.
        scores: Score tables, one row per map: time, map_score, and further columns.
    """
    kept = ~clusters["split"].isin(EXCLUDED_SPLITS)
    columns = ["time", "cluster", "split"]
    return clusters.loc[kept, columns].merge(scores, on="time", validate="one_to_one")


def label_clusters(
    clusters: pd.DataFrame,
    scores: pd.DataFrame,
    descriptors: pd.DataFrame,
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Describe and name each cluster, and derive the score that it gives to a new map.

    All splits but the test days and the gaps are used: the clusters were made without any score, so
    that only the days on which the labels are evaluated have to be held out.

    Args:
        clusters: Columns time, cluster, split.
        scores: Score tables, one row per map (docs/contracts.md).
        descriptors: Table of `descriptors.describe_maps`.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the bootstrap.

    Returns:
        One row per cluster (docs/contracts.md).
    """
    rows = label_maps(clusters, scores).merge(descriptors, on="time", validate="one_to_one")
    labels = np.unique(clusters["cluster"].to_numpy(int))
    counts = count_scores(rows, labels)
    means = _mean_properties(rows)
    parts = [
        _sizes(rows),
        _observed_scores(rows),
        median_intervals(counts, resamples=resamples, seed=seed),
        score_intervals(counts).set_index("cluster"),
        means,
        _most_frequent_regime(rows),
    ]
    table = pd.concat(parts, axis=1).reindex(labels).rename_axis("cluster")
    sizes = ["maps", "scored", "days"]
    table[sizes] = table[sizes].fillna(0).astype(int)
    width = table["q50_high"] - table["q50_low"]
    # Only days with a score count; an undefined interval makes a cluster uncertain.
    days = counts.counts.any(axis=2).sum(axis=0)
    table.insert(0, "uncertain", (days < MIN_DAYS) | ~(width <= MAX_WIDTH))
    names = name_clusters(means, rows["cluster"].value_counts())
    table.insert(0, "name", table.index.map(lambda cluster: names.get(cluster, "no known map")))
    return table.reset_index()


def _sizes(rows: pd.DataFrame) -> pd.DataFrame:
    grouped = rows.groupby("cluster")
    return pd.DataFrame(
        {
            "maps": grouped.size(),
            "scored": grouped["map_score"].count(),
            "days": grouped["time"].agg(lambda times: times.dt.normalize().nunique()),
        }
    )


def _observed_scores(rows: pd.DataFrame) -> pd.DataFrame:
    """Quantiles and mean of the map scores, and the score of the summed numerators."""
    grouped = rows.groupby("cluster")
    table = grouped["map_score"].quantile(np.array(QUANTILES)).unstack()
    table.columns = [f"q{round(level * 100):02d}" for level in QUANTILES]
    sums = grouped[["score_numerator", "score_denominator"]].sum()
    denominator = sums["score_denominator"]
    pooled = 1 - sums["score_numerator"] / denominator.where(denominator > 0)
    return table.assign(mean=grouped["map_score"].mean(), score_of_sums=pooled)


def median_intervals(scores: ScoreCounts, *, resamples: int, seed: int) -> pd.DataFrame:
    """95 % interval of each cluster's median score, from resampled days.

    Args:
        scores: From `count_scores`.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the bootstrap.

    Returns:
        q50_low, q50_high by cluster; NaN with fewer than two days.
    """
    ends = np.full((len(scores.clusters), 2), np.nan)
    for i in range(len(scores.clusters)):
        counts = scores.counts[:, i]
        counts = counts[counts.any(axis=1)]
        if len(counts) < 2:
            continue
        weights = day_weights(len(counts), resamples=resamples, seed=seed)
        cumulative = (weights @ counts).cumsum(axis=1)
        medians = (cumulative >= cumulative[:, -1:] / 2).argmax(axis=1) / BINS
        ends[i] = interval(medians, len(counts))
    return pd.DataFrame(ends, index=scores.clusters, columns=["q50_low", "q50_high"])


def _mean_properties(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean descriptors, age and sources; shares of the seasons and of the quarters of the day."""
    season = rows["time"].dt.month.map(season_of)
    quarter = rows["time"].dt.hour // 6
    columns = {
        **{name: rows[name] for name in DESCRIPTORS},
        "age_h": rows["mean_age_h"],
        **{name: rows[name] for name in SOURCE_NAMES},
        "microwave": rows[MICROWAVE].sum(axis=1),
        **{name: (season == name).astype(float) for name in SEASONS},
        **{f"hour_{i}": (quarter == i).astype(float) for i in range(len(HOURS))},
    }
    return pd.DataFrame(columns).groupby(rows["cluster"]).mean()


def _most_frequent_regime(rows: pd.DataFrame) -> pd.DataFrame:
    """Most frequent simulated regime and its share; empty and NaN where no map has a regime."""
    by_cluster = {}
    for cluster, regimes in rows.groupby("cluster")["regime"]:
        shares = regimes.value_counts(normalize=True)
        by_cluster[cluster] = (shares.index[0], shares.iloc[0]) if len(shares) else ("", np.nan)
    return pd.DataFrame.from_dict(by_cluster, orient="index", columns=["regime", "regime_share"])


def as_records(labels: pd.DataFrame) -> list[dict]:
    """Rows of the labels as plain values for JSON; missing is None."""
    return labels.astype(object).where(labels.notna(), None).to_dict("records")


def display_names(labels: pd.DataFrame) -> dict[int, str]:
    """Names of the clusters with their numbers, `3: name`; DRY has no number."""
    pairs = zip(labels["cluster"].astype(int), labels["name"], strict=True)
    return {c: name if c == DRY else f"{c}: {name}" for c, name in pairs}
