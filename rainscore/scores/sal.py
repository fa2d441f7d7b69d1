"""Structure, amplitude and location (SAL) of whole maps, from their rain objects."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import label

from rainscore.scores.sums import ratio


class Sal(NamedTuple):
    """Structure, amplitude and location of each map, dims (time,); 0 is perfect.

    Attributes:
        structure: −2 to 2; above 0 if IMERG's objects are too large or too flat.
        amplitude: −2 to 2; above 0 if IMERG has too much rain.
        location: 0 to 2; distance between the centres of mass, plus the difference in scatter of
            the objects about them.
    """

    structure: np.ndarray
    amplitude: np.ndarray
    location: np.ndarray


class RainObjects(NamedTuple):
    """Rain objects of one map, dims (object,).

    Attributes:
        total, peak: Sum and maximum of the rates [mm/h].
        y, x: Row and column of the centre of mass.
    """

    total: np.ndarray
    peak: np.ndarray
    y: np.ndarray
    x: np.ndarray


def sal(
    imerg: np.ndarray,
    radar: np.ndarray,
    *,
    min_valid: float = 0.5,
    wet: float = 0.1,
    factor: float = 1 / 15,
) -> Sal:
    """Structure, amplitude and location (Wernli et al. 2008, doi:10.1175/2008MWR2415.1).

    Objects are the connected pixels at or above `factor` times the 95th percentile of the wet
    pixels (Wernli et al. 2009, doi:10.1175/2009WAF2222271.1).

    Args:
        imerg, radar: Rates [mm/h], dims (time, y, x), NaN where missing; a pixel that is missing
            in one product is left out of both.
        min_valid: Minimum share (0 to 1) of valid pixels of the map.
        wet: Lowest rate [mm/h] of the pixels from which the percentile is taken.
        factor: Object threshold divided by the percentile.

    Returns:
        Scores, dims (time,). Structure and location are NaN where either product has no wet pixel,
        the amplitude where both are without rain, and all three where too few pixels are valid.
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
            distance = np.hypot(*(centre_f - centre_o))
            values[2, t] = (distance + 2 * abs(scatter_f - scatter_o)) / diagonal
    return Sal(*values)


def find_objects(rate: np.ndarray, *, threshold: float) -> RainObjects:
    """Find the areas of pixels at or above a threshold that touch by a side or a corner.

    Args:
        rate: Rates of one map [mm/h], dims (y, x); a missing pixel (NaN) belongs to no object.
        threshold: Lowest rate of an object [mm/h], above 0.
    """
    labels, _ = label(rate >= np.float32(threshold), structure=np.ones((3, 3)))
    y, x = np.nonzero(labels)
    index, values = labels[y, x] - 1, rate[y, x].astype(np.float64)
    total, total_y, total_x = (np.bincount(index, w) for w in (values, values * y, values * x))
    peak = np.zeros(len(total))
    np.maximum.at(peak, index, values)
    return RainObjects(total, peak, total_y / total, total_x / total)


def _relative_difference(f: float, o: float) -> float:
    """Difference divided by the mean; NaN if both are 0."""
    return float(ratio(f - o, 0.5 * (f + o)))


def _shape(rate: np.ndarray, wet: float, factor: float) -> tuple[float, float, np.ndarray]:
    """Mean scaled volume of the objects, their mean distance to the map's centre of mass, it."""
    threshold = factor * np.quantile(rate[rate >= wet], 0.95)
    objects = find_objects(rate, threshold=threshold)
    weights = objects.total / objects.total.sum()
    y, x = (np.arange(n) for n in rate.shape)
    centre = np.array([y @ rate.sum(axis=1), x @ rate.sum(axis=0)]) / rate.sum()
    distance = np.hypot(objects.y - centre[0], objects.x - centre[1])
    return weights @ (objects.total / objects.peak), weights @ distance, centre
