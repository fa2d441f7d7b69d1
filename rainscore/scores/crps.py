"""Continuous ranked probability score (CRPS) of forecasts given by quantiles or by an ensemble.

Both estimate ∫ (F(x) − 1{x ≥ y})² dx (Gneiting and Raftery 2007, doi:10.1198/016214506000001437) of
a forecast distribution F and a true value y. `crps_from_quantiles` knows F at a few probability
levels and integrates the pinball loss over them; `crps_from_ensemble` takes F as the exact step
function of a sample. With few levels the two differ for the same distribution: compare values of
one function only.
"""

from collections.abc import Sequence

import numpy as np


def level_weights(levels: Sequence[float]) -> np.ndarray:
    """Weight of each level: the part of [0, 1] that is nearer to it than to the other levels.

    >>> level_weights((0.25, 0.5, 0.75)).tolist()
    [0.375, 0.25, 0.375]
    """
    tau = np.asarray(levels, dtype=np.float64)
    return np.diff([0.0, *(tau[1:] + tau[:-1]) / 2, 1.0])


def pinball(quantiles: np.ndarray, truth: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Pinball loss of each quantile: max(τ (y − q), (τ − 1)(y − q)) at level τ.

    Koenker and Bassett 1978 (doi:10.2307/1913643).

    Args:
        quantiles: Predicted quantiles, dims (..., level).
        truth: True values, dims (...), NaN where missing.
        levels: Probability levels.

    Returns:
        Dims (..., level), in units of the truth; NaN where the truth is.
    """
    tau = np.asarray(levels, dtype=np.float64)
    error = truth[..., None] - quantiles
    return np.maximum(tau * error, (tau - 1) * error)


def crps_from_quantiles(
    quantiles: np.ndarray, truth: np.ndarray, levels: Sequence[float]
) -> np.ndarray:
    """CRPS of a forecast given by its quantiles: 2 ∫ pinball(τ) dτ, summed with `level_weights`.

    Args:
        quantiles: Predicted quantiles, dims (..., level), increasing along the levels.
        truth: True values, dims (...), NaN where missing.
        levels: Increasing probability levels.

    Returns:
        Dims (...), in units of the truth; NaN where the truth is.
    """
    return 2 * (pinball(quantiles, truth, levels) @ level_weights(levels))


def crps_from_ensemble(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """CRPS of the empirical distribution of a sample.

    Args:
        values: Sample in increasing order, dims (member,).
        truth: True values, dims (n,).

    Returns:
        Dims (n,), in units of the truth.

    >>> crps_from_ensemble(np.array([0.0, 1.0]), np.array([0.0])).tolist()
    [0.25]
    """
    m = len(values)
    spread = (values * (2 * np.arange(m) - m + 1)).sum() / m**2
    # Cumulative sums, because an array (truth, member) of two years of maps would take a gigabyte.
    cumulative = np.append(0.0, values.cumsum())
    below = np.searchsorted(values, truth)
    error = truth * (2 * below - m) + cumulative[-1] - 2 * cumulative[below]
    return error / m - spread
