"""Freezing level of the simulated air mass, used by the weather regimes and by the satellites.

A low freezing level makes the snow regime more likely and the detection by satellites worse.
"""

import numpy as np
from scipy.special import ndtr

_STREAM = 3  # random stream of the air mass
_HOURS = 48.0  # time between two independent draws of the deviation
_DEVIATION_M = 600.0  # standard deviation of the freezing level around its seasonal mean
_LATITUDE_M = 90.0  # decrease of the freezing level per degree northward
_CENTRE = 46.0  # degrees north
_YEAR = 365.2425  # days


def season(hours: float, *, peak: float) -> float:
    """Yearly cycle at `hours` since 1970: 1 on day `peak` of the year, −1 half a year later."""
    return float(np.cos(2 * np.pi * (hours / 24 - peak) / _YEAR))


def freezing_level(
    hours: float, *, seed: int, lat: float | np.ndarray = _CENTRE, warmth: float = 0.0
) -> float | np.ndarray:
    """Height of the freezing level [m]: seasonal mean by latitude plus a random deviation.

    Args:
        hours: Hours since 1970.
        seed: Random seed.
        lat: Latitude [degrees north], any dims.
        warmth: Increase of the freezing level in a world [m].
    """
    return mean_freezing_level(hours, lat=lat) + warmth + _DEVIATION_M * _deviation(hours, seed)


def mean_freezing_level(hours: float, *, lat: float | np.ndarray = _CENTRE) -> float | np.ndarray:
    """Seasonal mean height of the freezing level [m] at a latitude [degrees north]."""
    return 2400 + 1100 * season(hours, peak=205) - _LATITUDE_M * (lat - _CENTRE)


def snow_share(level: float | np.ndarray) -> float | np.ndarray:
    """Probability that precipitation on the plains is snow, given the freezing level [m]."""
    return ndtr((900 - level) / 250)


def _deviation(hours: float, seed: int) -> float:
    """Gaussian deviation of unit variance, correlated in time."""
    knot = int(hours // _HOURS)
    angle = (hours / _HOURS - knot) * np.pi / 2
    early, late = (
        np.random.default_rng([seed, _STREAM, knot + k]).standard_normal() for k in (0, 1)
    )
    return float(np.cos(angle) * early + np.sin(angle) * late)
