"""Measures of order, from joint counts that add over maps and days."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from rainscore.evaluation.skill import COLUMNS, DaySums
from rainscore.scores.bootstrap import day_weights, interval

PREDICTED_BINS = 64


FOUND_BINS = 16


def rank_places(predicted: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Place of each pair (n,), both in [0, 1], among PREDICTED_BINS × FOUND_BINS."""
    return _bin(predicted, PREDICTED_BINS) * FOUND_BINS + _bin(found, FOUND_BINS)


def bad_places(predicted: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Place of each map (n,) among PREDICTED_BINS × 2, by its predicted score and whether bad."""
    return _bin(predicted, PREDICTED_BINS) * 2 + bad


def _bin(values: np.ndarray, bins: int) -> np.ndarray:
    return np.clip((values * bins).astype(np.int64), 0, bins - 1)


def spearman(counts: np.ndarray) -> np.ndarray:
    """Rank correlation (Spearman) from counts of pairs; values in one bin share their mean rank.

    Args:
        counts: Dims (..., predicted bin, found bin).

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
    """Area under the ROC curve of "a low prediction says bad"; 0.5 is chance, 1 perfect.

    The probability that a bad map is predicted lower than a good one (Mann and Whitney 1947,
    doi:10.1214/aoms/1177730491), ties counting half.

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
    sums: DaySums,
    measure: str,
    of_counts: Callable[[np.ndarray], np.ndarray],
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """A measure of order of every method with 95 % intervals from resampling days.

    Args:
        sums: Counts of `rank_places` or `bad_places`.
        measure: Its name.
        of_counts: `spearman` or `auc`.
        resamples, seed: As in `skill.skill_table`.

    Returns:
        As `skill.skill_table`.
    """
    second = FOUND_BINS if of_counts is spearman else 2
    rows = []
    for (split, group), methods, days, cube in sums.cubes():
        weights = day_weights(len(days), resamples=resamples, seed=seed)
        for method, counts in zip(methods, cube, strict=True):
            shape = (-1, PREDICTED_BINS, second)
            value = of_counts(counts.sum(axis=0).reshape(shape))[0]
            low, high = interval(of_counts((weights @ counts).reshape(shape)), len(days))
            n = int(counts.sum())
            rows.append((method, measure, split, group, float(value), low, high, len(days), n))
    return pd.DataFrame(rows, columns=COLUMNS)
