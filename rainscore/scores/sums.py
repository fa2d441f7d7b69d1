"""What the scores have in common: sums that add in any order, and ratios of sums."""

import numpy as np
from numpy.typing import ArrayLike

STEP = 2.0**-20
"""Sums of real numbers are rounded to this step, so that adding them further is exact."""


def additive(sums: np.ndarray) -> np.ndarray:
    """Round sums to multiples of `STEP`, whose totals are exact and so the same in any order.

    Totals up to 2³³ (8.6e9) are exact in double precision: two years of half-hours of a
    200 × 200 map of squared rates. The rounding is 5e-7 for each sum.
    """
    return np.round(np.asarray(sums, np.float64) / STEP) * STEP


def flat_maps(field: np.ndarray) -> np.ndarray:
    """One row of float32 pixels for each map of a field (time, y, x)."""
    return np.ascontiguousarray(field, np.float32).reshape(len(field), -1)


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> np.ndarray:
    """Quotient, float64, of arrays that broadcast; NaN where the denominator is 0 or missing."""
    above, below = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    return above / np.where(below == 0, np.nan, below)
