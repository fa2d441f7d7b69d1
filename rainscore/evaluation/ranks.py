"""Measures of order, computed from joint counts that add over maps and days."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from rainscore.evaluation.daysums import COLUMNS, DayCounts, skill_row

PREDICTED_BINS = 64
"""Number of equal bins of the predicted score."""

SCORE_BINS = 16
"""Number of equal bins of the true score."""


def rank_bins(predicted: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Joint bin of each pair of predicted and true score, 0 … PREDICTED_BINS · SCORE_BINS − 1.

    Args:
        predicted: Predicted scores in [0, 1], dims (n,).
        scores: True scores in [0, 1], dims (n,).

    Returns:
        Dims (n,), integers; the bin of the true score varies fastest.
    """
    return _bin(predicted, PREDICTED_BINS) * SCORE_BINS + _bin(scores, SCORE_BINS)


def bad_map_bins(predicted: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Joint bin of the predicted score of each map and of whether it is bad.

    Args:
        predicted: Predicted scores in [0, 1], dims (n,).
        bad: Whether the map is bad, dims (n,), 0 or 1.

    Returns:
        Dims (n,), integers, 0 … 2 · PREDICTED_BINS − 1.
    """
    return _bin(predicted, PREDICTED_BINS) * 2 + bad


def _bin(values: np.ndarray, bins: int) -> np.ndarray:
    return np.clip((values * bins).astype(np.int64), 0, bins - 1)


def spearman(counts: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation from joint counts; values of one bin share their mean rank.

    Args:
        counts: Dims (..., predicted bin, score bin).

    Returns:
        Dims (...); NaN where either is constant.
    """
    rows, columns = counts.sum(axis=-1), counts.sum(axis=-2)
    n = rows.sum(axis=-1, keepdims=True)
    a, b = (marginal.cumsum(axis=-1) - marginal / 2 - n / 2 for marginal in (rows, columns))
    product = np.einsum("...i,...ij,...j->...", a, counts, b)
    spread = (rows * a**2).sum(axis=-1) * (columns * b**2).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(spread > 0, product / np.sqrt(spread), np.nan)


def auc(counts: np.ndarray) -> np.ndarray:
    """Area under the ROC curve for detecting bad maps by a low predicted score.

    The probability that a bad map is predicted lower than a good one (Mann and Whitney 1947,
    doi:10.1214/aoms/1177730491), ties counting one half: 0.5 by chance, 1 for perfect detection.

    Args:
        counts: Dims (..., predicted bin, 2): good, bad.

    Returns:
        Dims (...); NaN without bad or without good maps.
    """
    good, bad = counts[..., 0], counts[..., 1]
    above = good.sum(axis=-1, keepdims=True) - good.cumsum(axis=-1) + good / 2
    pairs = good.sum(axis=-1) * bad.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(pairs > 0, (bad * above).sum(axis=-1) / pairs, np.nan)


def rank_table(
    counts: DayCounts,
    measure: str,
    of_counts: Callable[[np.ndarray], np.ndarray],
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """A measure of order of every method with 95 % intervals over resampled blocks of two days.

    Args:
        counts: Counts in `rank_bins` or `bad_map_bins`.
        measure: Name of the measure.
        of_counts: Function from counts (..., predicted bin, other bin), such as `spearman`, `auc`.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples.

    Returns:
        `COLUMNS`, as `skill.skill_table`.
    """
    rows = []
    for group in counts.groups():
        weights = group.weights(resamples=resamples, seed=seed)
        # Method by method: resampled joint counts of all methods would take much memory.
        for method, by_day in zip(group.methods, group.sums, strict=True):
            joint = (-1, PREDICTED_BINS, by_day.shape[1] // PREDICTED_BINS)
            value = of_counts(by_day.sum(axis=0).reshape(joint))[0]
            samples = of_counts((weights @ by_day).reshape(joint))
            rows.append(
                skill_row(group, method, measure, value=value, samples=samples, n=by_day.sum())
            )
    return pd.DataFrame(rows, columns=COLUMNS)
