"""Sums that add up exactly in any order, and ratios of sums, for all scores."""

import numpy as np
from numpy.typing import ArrayLike

STEP = 2.0**-20
"""Sums of real numbers are rounded to multiples of this, so that adding them is exact."""


def additive(sums: np.ndarray) -> np.ndarray:
    """Round sums to multiples of `STEP`, so that their totals do not depend on the order.

    Totals up to 2³³ (8.6e9) are exact in double precision: enough for the squared rates of two
    years of half-hours of a 200 × 200 map. The rounding error of each sum is at most 5e-7.
    """
    return np.round(np.asarray(sums, np.float64) / STEP) * STEP


def flat_maps(field: np.ndarray) -> np.ndarray:
    """Reshape a field (time, y, x) to (time, pixel), float32 and contiguous."""
    return np.ascontiguousarray(field, np.float32).reshape(len(field), -1)


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> np.ndarray:
    """Divide arrays that broadcast, in float64; NaN where the denominator is 0 or NaN."""
    above, below = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    return above / np.where(below == 0, np.nan, below)
