"""Structure of rain fields: SAL of whole maps, and structural similarity of log rain."""

from typing import NamedTuple

import numpy as np

from rainscore.scores.continuous import Moments
from rainscore.scores.objects import find_objects
from rainscore.scores.sums import ratio


class Sal(NamedTuple):
    """Structure, amplitude and location of each map, dims (time,); 0 is perfect.

    Attributes:
        structure: −2 to 2; above 0 where IMERG's objects are too large or too flat.
        amplitude: −2 to 2; above 0 where IMERG has too much rain.
        location: 0 to 2; distance of the centres of mass, and difference in scatter about them.
    """

    structure: np.ndarray
    amplitude: np.ndarray
    location: np.ndarray


def sal(
    imerg: np.ndarray,
    radar: np.ndarray,
    *,
    min_valid: float = 0.5,
    wet: float = 0.1,
    factor: float = 1 / 15,
) -> Sal:
    """Structure, amplitude and location (Wernli et al. 2008, doi:10.1175/2008MWR2415.1).

    Objects are bounded by `factor` times the 95th percentile of the wet pixels (Wernli et al.
    2009, doi:10.1175/2009WAF2222271.1).

    Args:
        imerg, radar: Rates [mm/h], dims (time, y, x), missing as NaN; pixels missing in either are
            left out of both.
        min_valid: Share (0 to 1) of the map that must be valid.
        wet: Pixels at or above this rate [mm/h] enter the percentile.
        factor: See above.

    Returns:
        Structure and location are NaN where either product has no wet pixel, the amplitude where
        both are without rain; all three where too few pixels are valid.
    """
    values = np.full((3, len(imerg)), np.nan)
    diagonal = np.hypot(*imerg.shape[1:])
    for t, (a, b) in enumerate(zip(imerg, radar, strict=True)):
        both = np.isfinite(a) & np.isfinite(b)
        if both.mean() < min_valid:
            continue
        f, o = (np.where(both, rate, 0).astype(np.float64) for rate in (a, b))
        values[1, t] = _relative_difference(f.sum(), o.sum())
        if f.max() >= wet and o.max() >= wet:
            volume_f, scatter_f, centre_f = _shape(f, wet, factor)
            volume_o, scatter_o, centre_o = _shape(o, wet, factor)
            values[0, t] = _relative_difference(volume_f, volume_o)
            moved = np.hypot(*(centre_f - centre_o))
            values[2, t] = (moved + 2 * abs(scatter_f - scatter_o)) / diagonal
    return Sal(*values)


def _relative_difference(f: float, o: float) -> float:
    """Difference over mean; NaN where both are 0."""
    return float(ratio(f - o, 0.5 * (f + o)))


def _shape(rate: np.ndarray, wet: float, factor: float) -> tuple[float, float, np.ndarray]:
    """Mean scaled volume of the objects, their mean distance from the map's centre, this centre."""
    threshold = factor * np.quantile(rate[rate >= wet], 0.95)
    objects = find_objects(rate, threshold=threshold)
    weights = objects.total / objects.total.sum()
    y, x = (np.arange(n) for n in rate.shape)
    centre = np.array([y @ rate.sum(axis=1), x @ rate.sum(axis=0)]) / rate.sum()
    distance = np.hypot(objects.y - centre[0], objects.x - centre[1])
    return weights @ (objects.total / objects.peak), weights @ distance, centre


LOG_RAIN = 0.1
"""Rate [mm/h] below which log rain is nearly linear."""


LOG_RANGE = np.log1p(100 / LOG_RAIN)
"""Range of log rain from dry to 100 mm/h, which scales the constants of the similarity."""


def log_rain(rate: np.ndarray) -> np.ndarray:
    """log(1 + rate / `LOG_RAIN`), 1, float32, same dims; missing stays missing."""
    return np.log1p(np.asarray(rate, np.float32) / np.float32(LOG_RAIN))


def ssim(sums: Moments) -> np.ndarray:
    """Structural similarity (Wang et al. 2004, doi:10.1109/TIP.2003.819861) of log rain.

    Args:
        sums: Moments of `log_rain` of both products, as `window_moments` gives for each window.

    Returns:
        −1 to 1, same dims; NaN where there is no pixel or both are dry. Windows are uniform; the
        constants are (0.01 `LOG_RANGE`)² and (0.03 `LOG_RANGE`)².
    """
    wet = np.where((sums.sum_imerg2 > 0) | (sums.sum_radar2 > 0), sums.n, 0)
    a, b, aa, bb, ab = (ratio(part, wet) for part in sums[1:6])
    c1, c2 = (0.01 * LOG_RANGE) ** 2, (0.03 * LOG_RANGE) ** 2
    luminance = (2 * a * b + c1) / (a**2 + b**2 + c1)
    structure = (2 * (ab - a * b) + c2) / (aa - a**2 + bb - b**2 + c2)
    return luminance * structure
