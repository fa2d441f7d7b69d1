"""Measures that compare clusterings, with bootstrap samples of days: stability, and skill."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Self

import numpy as np
import pandas as pd

from rainscore.clustering.metrics import adjusted_rand
from rainscore.scores.bootstrap import day_weights, with_sample
from rainscore.scores.distribution import crps, masses_of

Pairs = list[tuple[np.ndarray, np.ndarray]]
"""Pairs of clusterings of the same maps, each dims (n,)."""


@dataclass(frozen=True)
class DaySamples:
    """Bootstrap samples of the days of some maps; sample 0 is the observed one, each day once.

    Attributes:
        day: Number of each map's day, dims (n,).
        weights: How often each sample holds each day, dims (1 + resample, day).
    """

    day: np.ndarray
    weights: np.ndarray

    @classmethod
    def drawn(cls, times: pd.Series, *, resamples: int, seed: int) -> Self:
        """Draw samples of the days of half-hours.

        Args:
            times: Half-hours of the maps.
            resamples: Number of bootstrap samples.
            seed: Random seed.
        """
        days, day = np.unique(times.to_numpy().astype("datetime64[D]"), return_inverse=True)
        return cls(day, with_sample(day_weights(len(days), resamples=resamples, seed=seed)))

    def tables(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Contingency tables of two clusterings (n,), dims (1 + resample, a, b)."""
        a, b = (np.unique(x, return_inverse=True)[1] for x in (first, second))
        counts = np.zeros((self.weights.shape[1], a.max() + 1, b.max() + 1))
        np.add.at(counts, (self.day, a, b), 1)
        return np.einsum("rd,dab->rab", self.weights, counts)

    def skill(self, loss: np.ndarray, reference: np.ndarray) -> np.ndarray:
        """1 − Σ loss / Σ reference over the maps of each sample, dims (1 + resample,).

        Args:
            loss, reference: Losses of the maps, dims (n,).
        """
        length = self.weights.shape[1]
        loss_by_day = np.bincount(self.day, loss, length)
        reference_by_day = np.bincount(self.day, reference, length)
        with np.errstate(invalid="ignore", divide="ignore"):
            return 1 - (self.weights @ loss_by_day) / (self.weights @ reference_by_day)


def seed_pairs(runs: Sequence[pd.DataFrame]) -> Pairs:
    """Pairs of fits on the same maps with different seeds.

    Args:
        runs: Tables of `repeats.repeat_clusters`, one per seed, with the same rows.
    """
    return _pairs([run["cluster"] for run in runs])


def day_pairs(runs: Sequence[pd.DataFrame]) -> Pairs:
    """Pairs of fits on different days: training maps and their resample, and two resamples.

    Args:
        runs: Tables of `repeats.repeat_clusters`, one per seed, with the same rows.
    """
    same_seed = [(run["cluster"].to_numpy(), run["resampled"].to_numpy()) for run in runs]
    return same_seed + _pairs([run["resampled"] for run in runs])


def _pairs(labels: list[pd.Series]) -> Pairs:
    return [(a.to_numpy(), b.to_numpy()) for a, b in combinations(labels, 2)]


STABILITY: dict[str, Callable[[Sequence[pd.DataFrame]], Pairs]] = {
    "stability_seeds": seed_pairs,
    "stability_days": day_pairs,
}
"""Stability measures: the pairs of clusterings whose agreement is averaged."""


def stability(pairs: Pairs, days: DaySamples, *, seed: int) -> np.ndarray:
    """Mean adjusted Rand index of pairs of clusterings, dims (1 + resample,).

    Args:
        pairs: Clusterings of the maps of `days`; NaN is returned where there is none.
        days: Samples of days.
        seed: Random seed for resampling the pairs, in addition to the days.
    """
    if not pairs:
        return np.full(len(days.weights), np.nan)
    agreement = np.stack([adjusted_rand(days.tables(a, b)) for a, b in pairs])
    shape = len(pairs), agreement.shape[1]
    drawn = np.random.default_rng(seed).integers(len(pairs), size=shape)
    resampled = np.take_along_axis(agreement, drawn, 0)[:, 1:].mean(axis=0)
    return np.append(agreement[:, :1].mean(), resampled)


def score_skill(
    clusters: np.ndarray,
    scores: np.ndarray,
    *,
    train: np.ndarray,
    held_out: np.ndarray,
    days: DaySamples,
) -> dict[str, np.ndarray]:
    """Skill of the clusters for the scores of held-out maps.

    Args:
        clusters: Cluster of each map, dims (n,).
        scores: Score of each map, dims (n,), NaN is missing.
        train: Row numbers of the maps from which the scores of a cluster are taken. A cluster
            without a score among them gets the scores of all of them.
        held_out: Row numbers of the evaluated maps, all of which have a score.
        days: Samples of the days of `held_out`.

    Returns:
        Dims (1 + resample,): eta2, 1 − squared error of the cluster's mean score / squared error of
        the mean of all; crps_skill, the same for the continuous ranked probability score of the
        cluster's distribution.
    """
    scored = train[np.isfinite(scores[train])]
    all_scores = scores[scored]
    truth = scores[held_out]
    error, ranked = np.empty(len(held_out)), np.empty(len(held_out))
    for cluster in np.unique(clusters[held_out]):
        members = clusters[held_out] == cluster
        cluster_scores = scores[scored[clusters[scored] == cluster]]
        values = cluster_scores if len(cluster_scores) else all_scores
        error[members] = (truth[members] - values.mean()) ** 2
        ranked[members] = crps(masses_of(values), truth[members])
    return {
        "eta2": days.skill(error, (truth - all_scores.mean()) ** 2),
        "crps_skill": days.skill(ranked, crps(masses_of(all_scores), truth)),
    }


def wet_share_classes(maps: pd.DataFrame, k: int) -> np.ndarray:
    """Class of each map by its wet share alone, dims (n,).

    Args:
        maps: Columns split, wet_share.
        k: Number of classes, of equal size on the training days.
    """
    train = maps.loc[maps["split"] == "train", "wet_share"]
    return np.searchsorted(train.quantile(np.arange(1, k) / k), maps["wet_share"], "right")
