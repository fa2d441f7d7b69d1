"""Conformal calibration of an interval: as wide as held-out days ask for, group by group."""

import numpy as np

STEPS = 2000
"""Number of steps of the margins over the range of errors, −1 to 1."""


COMMON_DAYS = 1.0
"""Number of days that the errors of all groups count as where they are mixed with a group's."""


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
    """Margins by which the intervals of each group are widened (negative: narrowed).

    Conformalised quantile regression (Romano et al. 2019, arXiv:1905.03222): the margin is a
    quantile of max(low − truth, truth − high) over the calibration values. Margins by group cover
    each group (Mondrian; Vovk et al. 2003). Four adaptations to scores and weather:

    - The margin of a group with few days would depend on the weather of those days. Its errors are
      therefore mixed with those of all groups, which count as `COMMON_DAYS` days; its own days
      count as (Σ n)² / Σ n² days, n being its number of values on a day.
    - The values of a day are correlated. The rank of the quantile, the same for all groups, is
      therefore raised from `coverage` until the average coverage over values is reached on days
      that are left out one by one and covered with the margins of the other days.
    - Many scores are exactly 0 or 1, so that a small shift of a bound across such a value changes
      the coverage by a jump. A bound at an end of the range therefore stays there, and only the
      other bound moves.
    - With a single day, none can be left out: the rank is that of independent values,
      ⌈(n + 1) coverage⌉ of n.

    Args:
        low, high, truth: Bounds and true values in [0, 1], same shape; NaN values are left out.
        days: Label of the day of each value, same shape.
        groups: Group of each value, 0 … count − 1, same shape.
        count: Number of groups.
        coverage: Share of the values that the intervals must contain.

    Returns:
        Margins (count,), between −1 and 1; a group without values gets the margin of all values.

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
    position = np.ravel_multi_index(
        (day, groups.ravel()[defined], bins), shape := (day.max() + 1, count, STEPS + 1)
    )
    counts = np.bincount(position, minlength=np.prod(shape)).reshape(shape).astype(np.float64)
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
    """Margin of `conformal_margins` for a single group; without `days`, all values are of a day."""
    same = np.zeros(truth.shape, int)
    days = same if days is None else days
    margins = conformal_margins(
        low, high, truth, days=days, groups=same, count=1, coverage=coverage
    )
    return float(margins[0])


def _opened(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bounds, infinite where they are at an end of the range; NaN stays NaN."""
    return np.where(low < OPEN, -np.inf, low), np.where(high > 1 - OPEN, np.inf, high)


def _mixed(counts: np.ndarray) -> np.ndarray:
    """Share of each group's errors at or below each bin, mixed with those of all groups.

    Args:
        counts: Dims (day, group, bin).

    Returns:
        Dims (group, bin).
    """
    of_group = counts.sum(axis=0).cumsum(axis=1)
    of_all = of_group.sum(axis=0)
    daily_size = counts.sum(axis=2)
    size = daily_size.sum(axis=0)
    effective_days = size**2 / np.maximum((daily_size**2).sum(axis=0), 1)
    weight = (effective_days / (effective_days + COMMON_DAYS))[:, None]
    return weight * of_group / np.maximum(size, 1)[:, None] + (1 - weight) * of_all / of_all[-1]


def _quantiles(shares: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """First bin at which each group (group, bin) reaches each rank, dims (group, rank)."""
    last = shares.shape[1] - 1
    # Rounding of the shares must not put a rank that is met exactly into the next bin.
    bins = [np.searchsorted(share, ranks - 1e-9) for share in shares]
    return np.minimum(np.array(bins), last)


def _rank(counts: np.ndarray, coverage: float) -> float:
    """Lowest rank at which days that are left out are covered.

    Args:
        counts: Number of errors, dims (day, group, bin).
        coverage: Share of the values to cover.
    """
    total = counts.sum()
    if len(counts) == 1:
        return min(np.ceil((total + 1) * coverage) / total, 1.0)
    ranks = np.linspace(coverage, 1.0, RANKS)
    covered = np.zeros(RANKS)
    for day in range(len(counts)):
        chosen = _quantiles(_mixed(np.delete(counts, day, axis=0)), ranks)
        cumulative = counts[day].cumsum(axis=1)
        covered += np.take_along_axis(cumulative, chosen, axis=1).sum(axis=0)
    enough = np.flatnonzero(covered >= coverage * total)
    return float(ranks[enough[0]]) if enough.size else 1.0


def apply_margin(
    low: np.ndarray, high: np.ndarray, margin: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Widen intervals by a margin on both sides, within [0, 1].

    An interval that would be narrowed to less than zero width becomes its middle.

    Args:
        low, high: Bounds, same shape; NaN stays.
        margin: Margin from `conformal_margin`, or one per interval.
    """
    middle = (low + high) / 2
    low, high = _opened(low, high)
    return (
        np.clip(np.minimum(low - margin, middle), 0.0, 1.0),
        np.clip(np.maximum(high + margin, middle), 0.0, 1.0),
    )
