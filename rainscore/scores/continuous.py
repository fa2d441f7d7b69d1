"""Continuous scores: moments that add over maps, and scores computed from the moments."""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from rainscore.scores.sums import STEP, additive, flat_maps, ratio


class Moments(NamedTuple):
    """Sums over the pixels where both products are valid, any dims; they add over maps.

    Attributes:
        n: Number of pixels.
        sum_imerg, sum_radar: Sums of the rates [mm/h].
        sum_imerg2, sum_radar2, sum_product: Sums of squares and products [(mm/h)²].
        sum_abs_error: Sum of |IMERG − radar| [mm/h].
    """

    n: np.ndarray
    sum_imerg: np.ndarray
    sum_radar: np.ndarray
    sum_imerg2: np.ndarray
    sum_radar2: np.ndarray
    sum_product: np.ndarray
    sum_abs_error: np.ndarray


def moment_sums(imerg: np.ndarray, radar: np.ndarray) -> Moments:
    """Compute the moments of each map.

    Args:
        imerg, radar: Rates [mm/h], dims (time, y, x), NaN where missing.

    Returns:
        Sums, dims (time,): int64 for `n`, float64 rounded by `additive` for the others.
    """
    sums = np.empty((len(imerg), len(Moments._fields)))
    _add(flat_maps(imerg), flat_maps(radar), sums)
    return Moments(sums[:, 0].astype(np.int64), *additive(sums[:, 1:].T))


@njit(cache=True, parallel=True, fastmath={"reassoc", "contract"})
def _add(imerg, radar, sums):
    """Fill `sums` (time, field of `Moments`) from rates (time, pixel)."""
    for t in prange(len(imerg)):
        n = a = b = aa = bb = ab = error = 0.0
        for p in range(imerg.shape[1]):
            valid = (imerg[t, p] == imerg[t, p]) & (radar[t, p] == radar[t, p])
            x = np.float64(imerg[t, p]) if valid else 0.0
            y = np.float64(radar[t, p]) if valid else 0.0
            n += valid
            a += x
            b += y
            aa += x * x
            bb += y * y
            ab += x * y
            error += abs(x - y)
        sums[t] = np.array([n, a, b, aa, bb, ab, error])


def mean_error(sums: Moments) -> np.ndarray:
    """Mean error, IMERG − radar [mm/h]; NaN without valid pixels."""
    return ratio(sums.sum_imerg - sums.sum_radar, sums.n)


def relative_bias(sums: Moments) -> np.ndarray:
    """Relative bias, Σ IMERG / Σ radar − 1; NaN where the radar is dry."""
    return ratio(sums.sum_imerg, sums.sum_radar) - 1


def mae(sums: Moments) -> np.ndarray:
    """Mean absolute error [mm/h]; NaN without valid pixels."""
    return ratio(sums.sum_abs_error, sums.n)


def rmse(sums: Moments) -> np.ndarray:
    """Root-mean-square error [mm/h]; NaN without valid pixels."""
    squares = sums.sum_imerg2 + sums.sum_radar2 - 2 * sums.sum_product
    return np.sqrt(np.maximum(ratio(squares, sums.n), 0))


def nrmse(sums: Moments) -> np.ndarray:
    """Root-mean-square error divided by the mean of the radar; NaN where the radar is dry."""
    return ratio(rmse(sums), ratio(sums.sum_radar, sums.n))


def cc(sums: Moments) -> np.ndarray:
    """Pearson's linear correlation; NaN where either product is constant."""
    covariance = sums.n * sums.sum_product - sums.sum_imerg * sums.sum_radar
    return ratio(ratio(covariance, _spread(sums, "imerg")), _spread(sums, "radar"))


def kge(sums: Moments) -> np.ndarray:
    """Kling–Gupta efficiency (Gupta et al. 2009, doi:10.1016/j.jhydrol.2009.08.003).

    NaN where the correlation is NaN or the radar is dry.
    """
    spread = ratio(_spread(sums, "imerg"), _spread(sums, "radar"))
    return 1 - np.sqrt((cc(sums) - 1) ** 2 + (spread - 1) ** 2 + relative_bias(sums) ** 2)


def _spread(sums: Moments, name: str) -> np.ndarray:
    """n times the standard deviation; 0 where it is below the rounding error of the sums."""
    total, squares = getattr(sums, f"sum_{name}"), getattr(sums, f"sum_{name}2")
    spread = np.asarray(sums.n * squares - total**2, np.float64)
    noise = (sums.n + 2 * total) * STEP + 1e-12 * total**2
    return np.sqrt(np.where(spread > noise, spread, 0))
