"""Conformal calibration of an interval: as wide as held-out days ask for."""

import numpy as np

STEPS = 2000
"""Margins are found to 1 / STEPS of the score's range."""


def conformal_margin(
    low: np.ndarray,
    high: np.ndarray,
    truth: np.ndarray,
    *,
    coverage: float = 0.9,
    groups: np.ndarray | None = None,
) -> float:
    """Find by how much an interval must be widened (or, below zero, narrowed) to cover its share.

    Conformalised quantile regression (Romano et al. 2019, arXiv:1905.03222): the margin is a
    quantile of max(low − truth, truth − high) over calibration values, a little above `coverage`
    because the next value is not among them.

    With n exchangeable values the quantile is that of rank ⌈(n + 1) coverage⌉. The pixels of a day
    are not exchangeable: they share its weather, and a day is worth far fewer than its thousands of
    pixels. So, with `groups`, the rank is raised until groups that are left out one by one, each
    held against the quantile of the others, are covered on average (over pixels). If days do not
    differ this is about the rank above; the more they do, and the fewer they are, the higher it is.

    Args:
        low, high, truth: Bounds and true values in [0, 1], same shape; NaN pixels are left out.
        coverage: Share of the values that the interval must hold.
        groups: Label of the group of each value (its day), same shape; None for independent values.

    Returns:
        The margin, between −1 and 1, rounded up to 1 / STEPS of the range of 2.

    Raises:
        ValueError: No value is defined.
    """
    error = np.maximum(low - truth, truth - high).ravel()
    defined = np.isfinite(error)
    if not defined.any():
        raise ValueError(
            "no defined score to calibrate the interval with: give the calibration split more days"
        )
    # Bin k holds errors in (margin k − 1, margin k].
    margins = np.linspace(-1.0, 1.0, STEPS + 1)
    bins = np.searchsorted(margins, error[defined])
    labels = np.zeros_like(bins) if groups is None else groups.ravel()[defined]
    _, group = np.unique(labels, return_inverse=True)
    counts = np.zeros((group.max() + 1, STEPS + 1))
    np.add.at(counts, (group, bins), 1)
    covered = counts.cumsum(axis=1)
    if len(counts) == 1:
        rank = np.ceil((bins.size + 1) * coverage)
        return float(margins[min(np.searchsorted(covered[0], rank), STEPS)])
    return float(margins[_leave_one_out(covered, coverage)])


def _leave_one_out(covered: np.ndarray, coverage: float) -> int:
    """Bin of the lowest pooled quantile with which left-out groups are covered on average.

    Args:
        covered: Number of values of each group covered at each margin, dims (group, margin).
        coverage: Share to reach.
    """
    pooled = covered.sum(axis=0)
    others = pooled - covered
    for rank in np.linspace(coverage, 1.0, 201):
        chosen = [np.searchsorted(other, rank * other[-1]) for other in others]
        held = covered[np.arange(len(covered)), chosen].sum()
        if held >= coverage * pooled[-1]:
            return int(np.searchsorted(pooled, rank * pooled[-1]))
    return covered.shape[1] - 1


def apply_margin(low: np.ndarray, high: np.ndarray, margin: float) -> tuple[np.ndarray, np.ndarray]:
    """Widen an interval by `margin` on both sides, within [0, 1]; narrowed past zero it is a point.

    Args:
        low, high: Bounds, same shape; NaN stays.
        margin: Of `conformal_margin`.
    """
    middle = (low + high) / 2
    return (
        np.clip(np.minimum(low - margin, middle), 0.0, 1.0),
        np.clip(np.maximum(high + margin, middle), 0.0, 1.0),
    )
