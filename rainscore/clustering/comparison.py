"""Clusterings compared: whether they come again, and what they say of the score."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from rainscore.scores.bootstrap import day_weights, interval, with_sample
from rainscore.scores.crps import crps_from_ensemble

YARDSTICK = "wet share"
"""Maps cut into classes of equal size by their wet share alone: no clustering at all."""


HELD_OUT = ("validation", "test")


ALL_SEEDS = -1


COLUMNS = ["method", "k", "seed", "measure", "group", "value", "low", "high", "null"]


Runs = Mapping[tuple[str, int], pd.DataFrame]
"""Results of `repeats.repeat_clusters` by method and seed."""


@dataclass(frozen=True)
class Sums:
    """A measure as sums of days, so that days can be drawn anew: 1 − numerator / denominator.

    Attributes:
        numerator, denominator: Dims (days,).
    """

    numerator: np.ndarray
    denominator: np.ndarray

    def value(self, weights: np.ndarray) -> np.ndarray:
        """The measure for weights (..., days)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return 1 - (weights @ self.numerator) / (weights @ self.denominator)


@dataclass(frozen=True)
class Days:
    """Days that are drawn with replacement.

    Attributes:
        of: Number of each row's day, dims (n,).
        weights: Dims (1 + resamples, days): first each day once, then the draws.
    """

    of: np.ndarray
    weights: np.ndarray

    @classmethod
    def drawn(cls, times: pd.Series, resamples: int, seed: int) -> "Days":
        """The days of some half-hours."""
        names, of = np.unique(times.to_numpy().astype("datetime64[D]"), return_inverse=True)
        return cls(of, with_sample(day_weights(len(names), resamples=resamples, seed=seed)))

    def tables(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Counts (1 + resamples, a, b) of rows in class a of the one and b of the other."""
        a, b = (np.unique(x, return_inverse=True)[1] for x in (first, second))
        counts = np.zeros((self.weights.shape[1], a.max() + 1, b.max() + 1))
        np.add.at(counts, (self.of, a, b), 1)
        return np.einsum("rd,dab->rab", self.weights, counts)

    def sums(self, numerator: np.ndarray, denominator: np.ndarray) -> Sums:
        """Sums of each day of values of each row."""
        length = self.weights.shape[1]
        return Sums(*(np.bincount(self.of, x, length) for x in (numerator, denominator)))


def adjusted_rand(tables: np.ndarray) -> np.ndarray:
    """Adjusted Rand index (Hubert and Arabie 1985, doi:10.1007/BF01908075) of tables (..., a, b).

    1 where both have one class.

    >>> float(adjusted_rand(np.array([[2, 0], [0, 2]])))
    1.0
    """

    def pairs(counts: np.ndarray) -> np.ndarray:
        return counts * (counts - 1) / 2

    both = pairs(tables).sum(axis=(-1, -2))
    rows, columns = (pairs(tables.sum(axis=i)).sum(axis=-1) for i in (-1, -2))
    chance = rows * columns / np.maximum(pairs(tables.sum(axis=(-1, -2))), 1)
    most = (rows + columns) / 2
    same = most - chance < 1e-9
    return np.where(same, 1.0, (both - chance) / np.where(same, 1.0, most - chance))


def mutual_information(tables: np.ndarray) -> np.ndarray:
    """Mutual information over the mean of the entropies (NMI) of tables (..., a, b)."""
    p = tables / np.maximum(tables.sum(axis=(-1, -2), keepdims=True), 1)

    def entropy(q: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        return -(q * np.log(np.where(q > 0, q, 1))).sum(axis=axes)

    parts = entropy(p.sum(axis=-1), (-1,)) + entropy(p.sum(axis=-2), (-1,))
    shared = parts - entropy(p, (-1, -2))
    return np.where(parts > 1e-9, 2 * shared / np.maximum(parts, 1e-9), 1.0)


def stability(runs: Sequence[pd.DataFrame], days: Days, *, of: str, seed: int) -> np.ndarray:
    """Mean agreement (1 + resamples,) of the repetitions on the same maps, as ARI.

    Args:
        runs: One repetition each, the same rows in each.
        days: Of the rows.
        of: `seeds`: fits on the same maps; `days`: fits on maps that were drawn anew.
        seed: Draws pairs of repetitions anew beside the days.
    """
    if of == "seeds":
        pairs = [(a["cluster"], b["cluster"]) for a, b in combinations(runs, 2)]
    else:
        pairs = [(run["cluster"], run["resampled"]) for run in runs]
        pairs += [(a["resampled"], b["resampled"]) for a, b in combinations(runs, 2)]
    if not pairs:
        return np.full(len(days.weights), np.nan)
    found = np.stack([adjusted_rand(days.tables(a.to_numpy(), b.to_numpy())) for a, b in pairs])
    picked = np.random.default_rng(seed).integers(len(pairs), size=(len(pairs), found.shape[1]))
    return np.append(found[:, :1].mean(), np.take_along_axis(found, picked, 0)[:, 1:].mean(axis=0))


def explained(
    clusters: np.ndarray, scores: np.ndarray, train: np.ndarray, rows: np.ndarray, days: Days
) -> dict[str, Sums]:
    """What the clusters say of the scores of held-out maps.

    Args:
        clusters, scores: Of all maps, dims (n,); scores with NaN.
        train: Rows whose scores are known.
        rows: Held-out rows that have a score, those of `days`.

    Returns:
        eta2, 1 − squared error of the cluster's mean / that of the mean of all; crps_skill, the
        same of the continuous ranked probability score of the cluster's distribution.
    """
    known = train[np.isfinite(scores[train])]
    everything = np.sort(scores[known])
    truth = scores[rows]
    error, crps = np.empty(len(rows)), np.empty(len(rows))
    for cluster in np.unique(clusters[rows]):
        here = clusters[rows] == cluster
        own = np.sort(scores[known[clusters[known] == cluster]])
        values = own if len(own) else everything
        error[here] = (truth[here] - values.mean()) ** 2
        crps[here] = crps_from_ensemble(values, truth[here])
    plain = (truth - everything.mean()) ** 2, crps_from_ensemble(everything, truth)
    return {"eta2": days.sums(error, plain[0]), "crps_skill": days.sums(crps, plain[1])}


def by_wet_share(maps: pd.DataFrame, k: int) -> np.ndarray:
    """Class (n,) of each map by its wet share, k classes of equal size on the training days."""
    train = maps.loc[maps["split"] == "train", "wet_share"]
    return np.searchsorted(train.quantile(np.arange(1, k) / k), maps["wet_share"], "right")


def with_interval(samples: np.ndarray, days: int) -> tuple[float, float, float]:
    """Value and 95 % interval of samples (1 + resamples,), the first of which is the value."""
    return float(samples[0]), *interval(samples[1:], days)
