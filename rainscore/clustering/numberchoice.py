"""Choice of a number of clusters or codes by the skill for the score on the validation days."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from rainscore.clustering.algorithms.starts import kmeans_start
from rainscore.clustering.codebook import nearest_centre
from rainscore.clustering.comparison import DaySamples, score_skill
from rainscore.scores.bootstrap import interval

CANDIDATES = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24)
"""Numbers of clusters of maps that are compared."""

TOLERANCE = 0.99
"""Share of the highest skill that the chosen number must reach."""

STARTS = 5
"""Number of initialisations of each k-means."""


def number_table(
    vectors: np.ndarray,
    maps: pd.DataFrame,
    *,
    seeds: Sequence[int],
    resamples: int,
    seed: int,
    candidates: Iterable[int] = CANDIDATES,
) -> pd.DataFrame:
    """CRPS skill of k-means of maps on the validation days, for each number of clusters.

    Args:
        vectors: Vectors of the maps with enough rain, dims (map, L).
        maps: The maps: time, split, map_score (NaN where missing).
        seeds: Random seeds of k-means; the skill is the mean over them.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the bootstrap.
        candidates: Numbers of clusters; those above the number of training maps are left out.

    Returns:
        One row per number: k; crps_skill against the scores of all training maps, with low and high
        (95 % interval over resampled days); spread, the range over the seeds; days; n.

    Raises:
        ValueError: No validation map has a score.
    """
    train = np.flatnonzero(maps["split"] == "train")
    scores = maps["map_score"].to_numpy(float)
    held_out = np.flatnonzero((maps["split"] == "validation").to_numpy() & np.isfinite(scores))
    if not len(held_out):
        raise ValueError("no map of the validation days has enough rain and a score")
    days = DaySamples.drawn(maps["time"].iloc[held_out], resamples=resamples, seed=seed)
    count = days.weights.shape[1]
    rows = []
    for k in (k for k in candidates if k <= len(train)):
        skills = []
        for fit_seed in seeds:
            centres, _ = kmeans_start(vectors[train], k, starts=STARTS, seed=fit_seed)
            clusters = nearest_centre(vectors, centres.numpy())
            skill = score_skill(clusters, scores, train=train, held_out=held_out, days=days)
            skills.append(skill["crps_skill"])
        mean, observed = np.mean(skills, axis=0), [skill[0] for skill in skills]
        ends = interval(mean[1:], count)
        rows.append((k, mean[0], *ends, max(observed) - min(observed), count, len(held_out)))
    return pd.DataFrame(rows, columns=["k", "crps_skill", "low", "high", "spread", "days", "n"])


def chosen_number(table: pd.DataFrame) -> int:
    """Smallest number with at least TOLERANCE of the highest skill.

    Args:
        table: Columns k, crps_skill.
    """
    good = table["crps_skill"] >= TOLERANCE * table["crps_skill"].max()
    return int(table.loc[good, "k"].min())
