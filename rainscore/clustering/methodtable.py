"""Table that compares the clustering methods."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from rainscore.clustering.comparison import (
    STABILITY,
    DaySamples,
    score_skill,
    stability,
    wet_share_classes,
)
from rainscore.clustering.metrics import adjusted_rand, mutual_information
from rainscore.scores.bootstrap import interval

COLUMNS = ["method", "k", "seed", "measure", "group", "value", "low", "high"]

WET_SHARE = "wet share"
"""Reference method without clustering: classes of equal size by wet share."""

REFERENCE = "kmeans"
"""Method with which all others are compared."""

ALL_SEEDS = -1
"""Value of `seed` in rows that are means over the seeds."""

HELD_OUT = ("validation", "test")
"""Splits on which the clusters are evaluated."""


@dataclass(frozen=True)
class Repetitions:
    """Repeated clusterings of one set of maps.

    Attributes:
        runs: Tables of `repeats.repeat_clusters` by method and seed.
        maps: The maps, one row for each row of a run: time, split, wet_share, map_score (NaN is
            missing), and regime where it is available.
    """

    runs: Mapping[tuple[str, int], pd.DataFrame]
    maps: pd.DataFrame


class Key(NamedTuple):
    """Identifiers of a value of the table."""

    method: str
    seed: int
    measure: str
    group: str


Samples = dict[Key, np.ndarray]
"""Observed value and bootstrap samples of each measure, dims (1 + resample,)."""


def method_table(repetitions: Repetitions, *, k: int, resamples: int, seed: int) -> pd.DataFrame:
    """Compare methods.

    Args:
        repetitions: Clusterings of the maps.
        k: Number of clusters.
        resamples: Number of bootstrap samples of days for the 95 % intervals.
        seed: Random seed of the bootstrap.

    Returns:
        One row per method, seed (−1: mean over the seeds), measure and group (a split): method, k,
        seed, measure, group, value, low, high. Measures:

        - stability_seeds, stability_days: mean adjusted Rand index between fits with different
          seeds, and on different days. They tell how unique a partition is, not whether there
          are groups (`separation`);
        - eta2, crps_skill: skill for the scores of held-out maps (`comparison.score_skill`);
        - ari_regimes, nmi_regimes: agreement with the simulated regimes;
        - any of these with `_over_kmeans`: minus that of k-means on the same days;
        - balance (entropy of the cluster sizes / log k), smallest (share of the smallest
          cluster), empty (number of empty clusters), revived (empty clusters that were
          restarted).
    """
    samples = _all_samples(repetitions, k=k, resamples=resamples, seed=seed)
    maps = repetitions.maps
    days = maps["time"].dt.normalize().groupby(maps["split"]).nunique()

    def row(key: Key, measure: str, drawn: np.ndarray) -> tuple:
        ends = interval(drawn[1:], days[key.group])
        return (key.method, k, key.seed, measure, key.group, float(drawn[0]), *ends)

    rows = [row(key, key.measure, drawn) for key, drawn in samples.items()]
    for key, drawn in samples.items():
        reference = key._replace(method=REFERENCE)
        if key != reference and reference in samples and key.seed == ALL_SEEDS:
            rows.append(row(key, f"{key.measure}_over_kmeans", drawn - samples[reference]))
    for (method, run_seed), run in repetitions.runs.items():
        rows += [
            (method, k, run_seed, name, "train", value, np.nan, np.nan)
            for name, value in _run_properties(run, k).items()
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _all_samples(repetitions: Repetitions, *, k: int, resamples: int, seed: int) -> Samples:
    """All measures that are resampled, of each seed and, at ALL_SEEDS, their mean."""
    runs, maps = repetitions.runs, repetitions.maps
    train = np.flatnonzero(maps["split"] == "train")
    days = DaySamples.drawn(maps["time"].iloc[train], resamples=resamples, seed=seed)
    samples: Samples = {}
    for method in dict.fromkeys(method for method, _ in runs):
        fits = [table.iloc[train] for (name, _), table in runs.items() if name == method]
        for measure, pairs in STABILITY.items():
            key = Key(method, ALL_SEEDS, measure, "train")
            samples[key] = stability(pairs(fits), days, seed=seed)
    labels = {key: table["cluster"].to_numpy() for key, table in runs.items()}
    labels[WET_SHARE, ALL_SEEDS] = wet_share_classes(maps, k)
    for group in HELD_OUT:
        draws = {"resamples": resamples, "seed": seed}
        for (method, run_seed), clusters in labels.items():
            for measure, drawn in _held_out_samples(clusters, maps, train, group, **draws):
                samples[Key(method, run_seed, measure, group)] = drawn
    return samples | _means_over_seeds(samples)


def _means_over_seeds(samples: Samples) -> Samples:
    by_measure: dict[Key, list[np.ndarray]] = {}
    for key, drawn in samples.items():
        if key.seed != ALL_SEEDS:
            by_measure.setdefault(key._replace(seed=ALL_SEEDS), []).append(drawn)
    return {key: np.mean(drawn, axis=0) for key, drawn in by_measure.items()}


def _held_out_samples(
    clusters: np.ndarray,
    maps: pd.DataFrame,
    train: np.ndarray,
    group: str,
    *,
    resamples: int,
    seed: int,
) -> Iterator[tuple[str, np.ndarray]]:
    """Measures of one clustering on the maps of a held-out split."""
    scores = maps["map_score"].to_numpy()
    in_group = (maps["split"] == group).to_numpy()
    scored = np.flatnonzero(in_group & np.isfinite(scores))
    draws = {"resamples": resamples, "seed": seed}
    if len(scored):
        days = DaySamples.drawn(maps["time"].iloc[scored], **draws)
        yield from score_skill(clusters, scores, train=train, held_out=scored, days=days).items()
    if "regime" not in maps:
        return
    with_regime = np.flatnonzero(in_group & maps["regime"].notna())
    if len(with_regime):
        days = DaySamples.drawn(maps["time"].iloc[with_regime], **draws)
        regimes = maps["regime"].iloc[with_regime].to_numpy(str)
        tables = days.tables(regimes, clusters[with_regime])
        yield "ari_regimes", adjusted_rand(tables)
        yield "nmi_regimes", mutual_information(tables)


def _run_properties(run: pd.DataFrame, k: int) -> dict[str, float]:
    """Properties of one run that are not resampled: cluster sizes, restarts and time."""
    train = run[run["split"] == "train"]
    shares = np.bincount(train["cluster"], minlength=k) / len(train)
    entropy = -(shares * np.log(np.where(shares > 0, shares, 1))).sum()
    return {
        "balance": float(entropy / np.log(k)) if k > 1 else np.nan,
        "smallest": float(shares.min()),
        "empty": float((shares == 0).sum()),
        "revived": float(run["revived"].iloc[0]),
    }
