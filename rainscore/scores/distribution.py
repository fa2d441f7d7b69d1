"""The predicted distribution of a score: 22 masses, and all that is computed from them.

Many scores are exactly 0 (no agreement in the window) and some exactly 1. A distribution is
therefore P(score = 0), the probabilities of 20 equal bins of (0, 1) and P(score = 1), dims
(..., mass), sum 1. Within a bin the density is uniform, so that the distribution function F is
linear between the edges of the bins, and every quantity below is exact. The mixture of several
distributions is the weighted mean of their masses.
"""

from collections.abc import Sequence

import numpy as np

BINS = 20
"""Number of equal bins of (0, 1)."""

MASSES = BINS + 2
"""Number of masses: P(score = 0), one per bin, P(score = 1)."""

EDGES = np.linspace(0.0, 1.0, BINS + 1)
"""Edges of the bins."""

CENTRES = np.array([0.0, *(EDGES[:-1] + EDGES[1:]) / 2, 1.0])
"""Mean score of each mass."""

ROUNDING = 1e-6
"""Rounding of a sum of masses in single precision."""

ROWS = 4096
"""Number of distributions that are converted together."""


def mass_numbers(scores: np.ndarray) -> np.ndarray:
    """Number of the mass that each score belongs to.

    Args:
        scores: Scores in [0, 1], any shape, without NaN.

    Returns:
        Same shape, int64: 0 for a score of 0, MASSES − 1 for a score of 1, between them 1 + the
        number of the bin; a score on an edge belongs to the bin above it.

    >>> mass_numbers(np.array([0.0, 0.01, 0.05, 0.99, 1.0])).tolist()
    [0, 1, 2, 20, 21]
    """
    inside = np.clip(np.floor(scores * BINS).astype(np.int64) + 1, 1, BINS)
    return np.where(scores <= 0, 0, np.where(scores >= 1, MASSES - 1, inside))


def masses_of(samples: np.ndarray) -> np.ndarray:
    """Masses of samples: the share of the sample that belongs to each mass.

    Args:
        samples: Scores in [0, 1], dims (..., sample); NaN values are left out.

    Returns:
        Dims (..., mass), float64; NaN where all samples are NaN.

    >>> masses_of(np.array([0.0, 0.0, 0.52, 1.0]))[[0, 11, 21]].tolist()
    [0.5, 0.25, 0.25]
    """
    *leading, size = samples.shape
    rows = samples.reshape(-1, size)
    row, column = np.nonzero(~np.isnan(rows))
    flat = row * MASSES + mass_numbers(rows[row, column])
    counts = np.bincount(flat, minlength=len(rows) * MASSES).reshape(*leading, MASSES)
    return masses_of_counts(counts)


def masses_of_counts(counts: np.ndarray) -> np.ndarray:
    """Masses of counts of scores by `mass_numbers`, dims (..., mass); NaN where no score is."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return counts / counts.sum(axis=-1, keepdims=True)


def masses_from_quantiles(
    quantiles: np.ndarray, levels: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Masses of a distribution that is given by quantiles.

    The quantile function is linear between the levels; beyond the outer levels it continues the
    line between the outer two. What lies outside [0, 1] belongs to P(score = 0) and P(score = 1).

    Args:
        quantiles: Quantiles, dims (..., level), not decreasing along the levels; they may lie
            outside [0, 1].
        levels: Increasing levels between 0 and 1.

    Returns:
        Dims (..., mass), float64.

    >>> masses = masses_from_quantiles(np.array([0.0, 0.5, 1.0]), (0.25, 0.5, 0.75))
    >>> masses[[0, 1, 21]].round(3).tolist()
    [0.25, 0.025, 0.25]
    """
    inner = np.asarray(quantiles, dtype=np.float64)
    tau = np.array([0.0, *levels, 1.0])
    rows = inner.reshape(-1, inner.shape[-1])
    # In parts, because the arrays (row, edge) of millions of rows would not fit into the cache.
    parts = [_distribution_function(rows[i : i + ROWS], tau) for i in range(0, len(rows), ROWS)]
    below = np.concatenate(parts) if parts else np.empty((0, BINS + 1))
    return np.diff(below, prepend=0.0, append=1.0).reshape(*inner.shape[:-1], MASSES)


def _distribution_function(inner: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """F at the edges of the bins, dims (row, edge), from quantiles; below 1 at the last edge.

    Args:
        inner: Quantiles, dims (row, level).
        tau: Levels, with 0 before and 1 after them.
    """
    if len(tau) > 3:
        start = (inner[:, 1] - inner[:, 0]) / (tau[2] - tau[1])
        end = (inner[:, -1] - inner[:, -2]) / (tau[-2] - tau[-3])
    else:
        start = end = np.zeros(len(inner))
    first, last = inner[:, 0] - start * tau[1], inner[:, -1] + end * (1 - tau[-2])
    values = np.column_stack([first, inner, last])
    # The last edge is just below 1: a quantile of exactly 1 lies above it.
    edges = np.append(EDGES[:-1], 1 - 1e-12)
    below = np.zeros((len(inner), BINS + 1))
    for i, step in enumerate(np.diff(tau)):
        low, high = values[:, i, None], values[:, i + 1, None]
        above = (high - edges) / np.maximum(high - low, np.finfo(np.float64).tiny)
        below += step * (1 - np.clip(above, 0, 1))
    return below


def at_edges(masses: np.ndarray) -> np.ndarray:
    """Distribution function at the edges of the bins, below 1 at the last one.

    Args:
        masses: Dims (..., mass).

    Returns:
        Dims (..., edge); in memory edge by edge, so that sums over the edges are fast.
    """
    below = np.array(np.moveaxis(masses, -1, 0)[:-1], order="C")
    for i in range(BINS):  # three times as fast as numpy.cumsum
        below[i + 1] += below[i]
    return np.moveaxis(below, 0, -1)


def quantiles(masses: np.ndarray, levels: Sequence[float] | np.ndarray) -> np.ndarray:
    """Quantiles: the lowest score x with F(x) ≥ level.

    Args:
        masses: Dims (..., mass).
        levels: Levels between 0 and 1.

    Returns:
        Dims (..., level), in the precision of the masses; NaN where a mass is.

    >>> masses = masses_of(np.array([0.0, 0.0, 0.52, 1.0]))
    >>> quantiles(masses, (0.25, 0.625, 0.9)).round(3).tolist()
    [0.0, 0.525, 1.0]
    """
    below = at_edges(masses)
    return np.stack([_quantile(below, level) for level in levels], axis=-1)


def _quantile(below: np.ndarray, level: float | np.ndarray) -> np.ndarray:
    """Quantile of distributions that are given by F at the edges of the bins.

    Args:
        below: F at the edges, from `at_edges`.
        level: Level, or one per distribution, dims (...).

    Returns:
        Dims (...).
    """
    level = np.asarray(level, below.dtype)
    # Rounding of a sum must not move a level that is met exactly to the next bin, or to 1.
    reached = (below < level[..., None] - ROUNDING).sum(axis=-1)
    upper = np.clip(reached, 1, BINS)
    low, high = (np.take_along_axis(below, k[..., None], -1)[..., 0] for k in (upper - 1, upper))
    share = (level - low) / np.maximum(high - low, np.finfo(below.dtype).tiny)
    inside = (upper - 1 + np.clip(share, 0, 1)) / np.asarray(BINS, below.dtype)
    value = np.where(reached == 0, 0, np.where(reached > BINS, 1, inside)).astype(below.dtype)
    return np.where(np.isnan(below[..., -1]), np.nan, value)


def interval(masses: np.ndarray, coverage: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
    """Interval that holds the score with a given probability.

    The bounds are the quantiles that leave half of the rest below and half above, 5 % each for a
    coverage of 90 %. Where P(score = 0) exceeds this half, the lower bound is 0, and nothing lies
    below it; the upper bound then falls as P(score = 0) grows, until all of the rest lies above
    it. Likewise where P(score = 1) exceeds the half. Without this rule, intervals that end at 0 or
    at 1 would hold the score with a probability of 95 %.

    Args:
        masses: Dims (..., mass).
        coverage: Probability, between 0 and 1.

    Returns:
        Lower and upper bound, dims (...); NaN where a mass is.

    >>> masses = 0.5 * np.eye(MASSES)[0] + 0.5 / BINS * np.eye(MASSES)[1:-1].sum(axis=0)
    >>> [float(bound.round(3)) for bound in interval(masses)]
    [0.0, 0.8]
    """
    half = (1 - coverage) / 2
    below = at_edges(masses)
    at_zero, at_one = (np.clip(masses[..., i] - half, 0, half) for i in (0, -1))
    return _quantile(below, half + at_one), _quantile(below, 1 - half - at_zero)


def mean(masses: np.ndarray) -> np.ndarray:
    """Mean score, dims (...), of masses (..., mass).

    >>> float(mean(masses_of(np.array([0.0, 0.52, 1.0, 1.0])))) == (0 + 0.525 + 1 + 1) / 4
    True
    """
    return masses @ CENTRES.astype(masses.dtype)


def cdf(masses: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Probability that the score is at most x.

    Args:
        masses: Dims (..., mass).
        x: Scores in [0, 1], dims (...), NaN where missing.

    Returns:
        Dims (...); NaN where a mass or x is.

    >>> float(cdf(masses_of(np.array([0.0, 0.52, 1.0, 1.0])), np.array(0.525)))
    0.375
    """
    bins = np.arange(BINS, dtype=masses.dtype)
    share = np.clip(BINS * x[..., None] - bins, 0, 1)
    inside = masses[..., 0] + (masses[..., 1:-1] * share).sum(axis=-1)
    return np.where(x >= 1, inside + masses[..., -1], inside)


def crps(masses: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score: ∫ (F(x) − 1{x ≥ truth})² dx over [0, 1].

    Gneiting and Raftery 2007 (doi:10.1198/016214506000001437). It is computed as
    ∫ F² dx − (1 − truth) + 2 E max(X − truth, 0), X being distributed as F. The integral of F²
    over a bin of width w is w (a² + a b + b²) / 3, with a and b the values of F at its edges.

    Args:
        masses: Dims (..., mass).
        truth: True scores in [0, 1], dims (...), NaN where missing.

    Returns:
        Dims (...), in units of the score; NaN where a mass or the truth is.

    >>> float(crps(masses_of(np.array([0.0, 1.0])), np.array(0.0)))
    0.25
    """
    below = at_edges(masses)
    start, end = below[..., :-1], below[..., 1:]
    squared = (start * (start + end) + end * end).sum(axis=-1) / (3 * BINS)
    truth = np.asarray(truth, masses.dtype)
    position = BINS * truth[..., None] - np.arange(BINS, dtype=masses.dtype)
    part = 1 - np.clip(position, 0, 1)
    excess = (masses[..., 1:-1] * (part * part / 2 - np.minimum(position, 0))).sum(axis=-1) / BINS
    excess += masses[..., -1] * (1 - truth)
    return squared - (1 - truth) + 2 * excess
