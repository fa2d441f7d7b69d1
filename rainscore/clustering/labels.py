"""What each cluster is, and what it says of the score."""

import numpy as np
import pandas as pd

from rainscore.clustering.naming import HOURS, SEASONS, name_clusters
from rainscore.clustering.scorecounts import BINS, DRY, ScoreCounts, count_scores, score_intervals
from rainscore.imerg.passes import SOURCE_NAMES
from rainscore.scores.bootstrap import day_weights, interval
from rainscore.times import season_of

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


FEW_DAYS = 5
"""With fewer days that have a score a cluster is uncertain."""


WIDE = 0.2
"""With a wider 95 % interval of its median score a cluster is uncertain."""


MICROWAVE = ["imager", "SSMIS", "sounder"]


LOOKS = ["wet_share", "intensity", "heavy_share", "scale_km", "east", "north"]


HELD = ("test", "gap")
"""Splits of which a label knows nothing."""


def known_maps(clusters: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Maps of the days that are not held out, with their cluster and score.

    Args:
        clusters: Columns time, cluster, split.
        table: Score tables, one row a map: time, map_score and the rest.
    """
    kept = clusters.loc[~clusters["split"].isin(HELD), ["time", "cluster", "split"]]
    return kept.merge(table, on="time", validate="one_to_one")


def label_clusters(
    clusters: pd.DataFrame,
    table: pd.DataFrame,
    portraits: pd.DataFrame,
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Describe and name each cluster, and say what it tells of the score of a new map.

    All days but the test days and the gaps count: the clusters were found without any score, so
    that no day needs to be kept from their scores but those on which the labels are measured.

    Args:
        clusters: Columns time, cluster, split.
        table: The score tables of the months, one row a map (docs/contracts.md).
        portraits: Of `portraits.describe_maps`.
        resamples: Bootstrap samples of days.
        seed: Of the samples.

    Returns:
        One row a cluster, docs/contracts.md.
    """
    rows = known_maps(clusters, table).merge(portraits, on="time", validate="one_to_one")
    labels = np.unique(clusters["cluster"].to_numpy(int))
    counts = count_scores(rows, labels)
    means = _means(rows)
    parts = [
        _size(rows),
        _scores(rows),
        median_intervals(counts, resamples=resamples, seed=seed),
        score_intervals(counts).set_index("cluster"),
        means,
        _most_frequent(rows),
    ]
    found = pd.concat(parts, axis=1).reindex(labels).rename_axis("cluster")
    sizes = ["maps", "scored", "days"]
    found[sizes] = found[sizes].fillna(0).astype(int)
    wide = found["q50_high"] - found["q50_low"]
    # Days without a score say nothing; an interval that cannot be given is no reason for trust.
    days = counts.counts.any(axis=2).sum(axis=0)
    found.insert(0, "uncertain", (days < FEW_DAYS) | ~(wide <= WIDE))
    names = name_clusters(means, rows["cluster"].value_counts())
    found.insert(0, "name", found.index.map(lambda c: names.get(c, "no known map")))
    return found.reset_index()


def _size(rows: pd.DataFrame) -> pd.DataFrame:
    grouped = rows.groupby("cluster")
    return pd.DataFrame(
        {
            "maps": grouped.size(),
            "scored": grouped["map_score"].count(),
            "days": grouped["time"].agg(lambda times: times.dt.normalize().nunique()),
        }
    )


def _scores(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean, quantiles, and the score of the sums, as the maps give them."""
    grouped = rows.groupby("cluster")
    table = grouped["map_score"].quantile(np.array(QUANTILES)).unstack()
    table.columns = [f"q{round(level * 100):02d}" for level in QUANTILES]
    sums = grouped[["score_numerator", "score_denominator"]].sum()
    pooled = 1 - sums["score_numerator"] / sums["score_denominator"].where(
        sums["score_denominator"] > 0
    )
    return table.assign(mean=grouped["map_score"].mean(), score_of_sums=pooled)


def median_intervals(scores: ScoreCounts, *, resamples: int, seed: int) -> pd.DataFrame:
    """95 % interval of each cluster's median score, from resampling its days; NaN of one day."""
    ends = np.full((len(scores.clusters), 2), np.nan)
    for place in range(len(scores.clusters)):
        days = scores.counts[:, place]
        days = days[days.any(axis=1)]
        if len(days) < 2:
            continue
        weights = day_weights(len(days), resamples=resamples, seed=seed)
        cumulative = (weights @ days).cumsum(axis=1)
        medians = (cumulative >= cumulative[:, -1:] / 2).argmax(axis=1) / BINS
        ends[place] = interval(medians, len(days))
    return pd.DataFrame(ends, index=scores.clusters, columns=["q50_low", "q50_high"])


def _means(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean look, age and sources; shares of the seasons and of the quarters of the day."""
    season = rows["time"].dt.month.map(season_of)
    quarter = rows["time"].dt.hour // 6
    columns = {
        **{name: rows[name] for name in LOOKS},
        "age_h": rows["mean_age_h"],
        **{name: rows[name] for name in SOURCE_NAMES},
        "microwave": rows[MICROWAVE].sum(axis=1),
        **{name: (season == name).astype(float) for name in SEASONS},
        **{f"hour_{i}": (quarter == i).astype(float) for i in range(len(HOURS))},
    }
    return pd.DataFrame(columns).groupby(rows["cluster"]).mean()


def _most_frequent(rows: pd.DataFrame) -> pd.DataFrame:
    """The most frequent true regime and its share; empty and NaN where none is known."""
    found = {}
    for cluster, regimes in rows.groupby("cluster")["regime"]:
        shares = regimes.value_counts(normalize=True)
        found[cluster] = (shares.index[0], shares.iloc[0]) if len(shares) else ("", np.nan)
    return pd.DataFrame.from_dict(found, orient="index", columns=["regime", "regime_share"])


def plain(labels: pd.DataFrame) -> list[dict]:
    """Rows of the labels as plain values for JSON; missing is None."""
    return labels.astype(object).where(labels.notna(), None).to_dict("records")


def names_of(labels: pd.DataFrame) -> dict[int, str]:
    """Name of each cluster, `3: name`; DRY has no number."""
    pairs = zip(labels["cluster"].astype(int), labels["name"], strict=True)
    return {c: name if c == DRY else f"{c}: {name}" for c, name in pairs}
