"""How cold the air is: what rain and satellites of the simulated world share.

Snow falls when the freezing level is low, and then the satellites miss more.
"""

import numpy as np
from scipy.special import ndtr

_STREAM = 3


_HOURS = 48.0  # in which the weather turns from one draw to the next


_DEVIATION_M = 600.0


_LATITUDE_M = 90.0  # by which the level sinks each degree northward


_CENTRE = 46.0


_YEAR = 365.2425


def season(hours: float, *, peak: float) -> float:
    """Yearly cycle, 1 on the day `peak` of the year, −1 half a year away; `hours` since 1970."""
    return float(np.cos(2 * np.pi * (hours / 24 - peak) / _YEAR))


def freezing_level(
    hours: float, *, seed: int, lat: float | np.ndarray = _CENTRE
) -> float | np.ndarray:
    """Height of the freezing level of the air mass [m]: season, latitude, weather of the days.

    Args:
        hours: Hours since 1970.
        seed: Seed of the world.
        lat: Latitude [degrees], any dims.
    """
    return mean_freezing_level(hours, lat=lat) + _DEVIATION_M * _weather(hours, seed)


def mean_freezing_level(hours: float, *, lat: float | np.ndarray = _CENTRE) -> float | np.ndarray:
    """The same [m] without the weather of the days."""
    return 2400 + 1100 * season(hours, peak=205) - _LATITUDE_M * (lat - _CENTRE)


def snow_share(level: float | np.ndarray) -> float | np.ndarray:
    """How likely it snows on the plains under a freezing level [m], 0 to 1."""
    return ndtr((900 - level) / 250)


def _weather(hours: float, seed: int) -> float:
    """Gaussian of unit variance that turns from one draw to the next."""
    knot = int(hours // _HOURS)
    turn = (hours / _HOURS - knot) * np.pi / 2
    early, late = (
        np.random.default_rng([seed, _STREAM, knot + k]).standard_normal() for k in (0, 1)
    )
    return float(np.cos(turn) * early + np.sin(turn) * late)
