"""Conformal calibration of an interval: as wide as held-out days ask for, group by group."""

import numpy as np

STEPS = 2000
"""Margins are found to 1 / STEPS of the range of errors, −1 to 1."""


COMMON_DAYS = 1.0
"""Days' worth of the errors of all groups that each group's own are mixed with."""


RANKS = 201


OPEN = 0.01
"""A bound nearer than this to the end of the range is at the end."""


def conformal_margins(
    low: np.ndarray,
    high: np.ndarray,
    truth: np.ndarray,
    *,
    days: np.ndarray,
    groups: np.ndarray,
    count: int,
    coverage: float = 0.9,
) -> np.ndarray:
    """Find by how much the intervals of each group must be widened (below zero: narrowed).

    Conformalised quantile regression (Romano et al. 2019, arXiv:1905.03222): the margin is a
    quantile of max(low − truth, truth − high) over calibration values; taken within groups that are
    known beforehand it covers each of them (Mondrian; Vovk et al. 2003). Four things are done for
    scores and weather:

    - A group seen on few days would follow those days. Its errors are mixed with those of all,
      which count as `COMMON_DAYS` days; its own days count as (Σ n)² / Σ n² of its values a day.
    - The values of a day share its weather and are worth far fewer than their number. So the rank
      of the quantile, one for all groups, is raised from `coverage` until days that are left out
      one by one, held against the margins of the others, are covered on average over values.
    - Scores pile up at 0 and 1, and a bound that is moved past a pile loses or gains all of it. So
      a bound at the end of the range stays there, and only the other one moves.
    - With a single day nothing can be left out: the rank is that of independent values,
      ⌈(n + 1) coverage⌉ of n.

    Args:
        low, high, truth: Bounds and true values in [0, 1], same shape; NaN values are left out.
        days: Label of the day of each value, same shape.
        groups: Group of each value, 0 … count − 1, same shape.
        count: Number of groups.
        coverage: Share of the values that the intervals must hold.

    Returns:
        Margins (count,), between −1 and 1; of a group without values that of all.

    Raises:
        ValueError: No value is defined.
    """
    low, high = _opened(low, high)
    error = np.maximum(low - truth, truth - high).ravel()
    defined = ~np.isnan(error)
    if not defined.any():
        raise ValueError(
            "no defined score to calibrate the interval with: give the calibration split more days"
        )
    # Bin k holds errors in (margin k − 1, margin k].
    margins = np.linspace(-1.0, 1.0, STEPS + 1)
    bins = np.searchsorted(margins, error[defined])
    _, day = np.unique(days.ravel()[defined], return_inverse=True)
    place = np.ravel_multi_index(
        (day, groups.ravel()[defined], bins), shape := (day.max() + 1, count, STEPS + 1)
    )
    counts = np.bincount(place, minlength=np.prod(shape)).reshape(shape).astype(np.float64)
    rank = _rank(counts, coverage)
    return margins[_quantiles(_mixed(counts), np.array([rank]))[:, 0]]


def conformal_margin(
    low: np.ndarray,
    high: np.ndarray,
    truth: np.ndarray,
    *,
    days: np.ndarray | None = None,
    coverage: float = 0.9,
) -> float:
    """One margin for all values: as `conformal_margins` with one group; no `days`, one day."""
    same = np.zeros(truth.shape, int)
    days = same if days is None else days
    found = conformal_margins(low, high, truth, days=days, groups=same, count=1, coverage=coverage)
    return float(found[0])


def _opened(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The bounds, infinite where they are at the end of the range; NaN stays."""
    return np.where(low < OPEN, -np.inf, low), np.where(high > 1 - OPEN, np.inf, high)


def _mixed(counts: np.ndarray) -> np.ndarray:
    """Share of each group's errors at or below each bin, mixed with those of all groups.

    Args:
        counts: Dims (day, group, bin).

    Returns:
        Dims (group, bin).
    """
    own = counts.sum(axis=0).cumsum(axis=1)
    common = own.sum(axis=0)
    a_day = counts.sum(axis=2)
    size = a_day.sum(axis=0)
    worth = size**2 / np.maximum((a_day**2).sum(axis=0), 1)
    weight = (worth / (worth + COMMON_DAYS))[:, None]
    return weight * own / np.maximum(size, 1)[:, None] + (1 - weight) * common / common[-1]


def _quantiles(shares: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """First bin at which each group (group, bin) reaches each rank, dims (group, rank)."""
    last = shares.shape[1] - 1
    # Rounding of the shares must not put a rank that is met exactly into the next bin.
    found = [np.searchsorted(share, ranks - 1e-9) for share in shares]
    return np.minimum(np.array(found), last)


def _rank(counts: np.ndarray, coverage: float) -> float:
    """Lowest rank with which days that are left out, dims (day, group, bin), are covered."""
    total = counts.sum()
    if len(counts) == 1:
        return min(np.ceil((total + 1) * coverage) / total, 1.0)
    ranks = np.linspace(coverage, 1.0, RANKS)
    held = np.zeros(RANKS)
    for day in range(len(counts)):
        chosen = _quantiles(_mixed(np.delete(counts, day, axis=0)), ranks)
        covered = counts[day].cumsum(axis=1)
        held += np.take_along_axis(covered, chosen, axis=1).sum(axis=0)
    enough = np.flatnonzero(held >= coverage * total)
    return float(ranks[enough[0]]) if enough.size else 1.0


def apply_margin(
    low: np.ndarray, high: np.ndarray, margin: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Widen an interval by `margin` on both sides, within [0, 1]; narrowed past zero it is a point.

    Args:
        low, high: Bounds, same shape; NaN stays.
        margin: Of `conformal_margin`, or one for each value.
    """
    middle = (low + high) / 2
    low, high = _opened(low, high)
    return (
        np.clip(np.minimum(low - margin, middle), 0.0, 1.0),
        np.clip(np.maximum(high + margin, middle), 0.0, 1.0),
    )
