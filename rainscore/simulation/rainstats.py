"""What a rain map looks like: how much, how variable, how it is arranged, how it moves and lasts.

The same estimators serve the simulated frames and the real ones that they are compared with.
"""

from collections.abc import Sequence

import numpy as np
from scipy.fft import irfft2, next_fast_len, rfft2
from scipy.ndimage import label

WET = 0.1
"""A pixel of a frame at or above it is wet [mm/h]; the logarithm of the rain is levelled here."""


SPECTRUM_KM = (16.0, 128.0)
"""Shortest and longest wavelength between which the slope of the spectrum is fitted [km]."""


def log_rain(rate: np.ndarray) -> np.ndarray:
    """ln max(rate, 0.1 mm/h), any dims, NaN where the rate is missing."""
    return np.log(np.maximum(rate, WET))


def marginal(rate: np.ndarray) -> dict[str, float]:
    """Wet fraction, and where wet the mean [mm/h] and the standard deviation of the logarithm.

    Args:
        rate: Rates [mm/h], dims (y, x), NaN where missing; the last two are NaN where it is dry.
    """
    valid = rate[np.isfinite(rate)]
    wet = valid[valid >= WET]
    return {
        "wet fraction": wet.size / valid.size if valid.size else np.nan,
        "mean when wet [mm/h]": float(wet.mean()) if wet.size else np.nan,
        "SD of ln(rate)": float(np.log(wet).std()) if wet.size else np.nan,
    }


def shifted_correlation(first: np.ndarray, second: np.ndarray, *, reach: int) -> np.ndarray:
    """Correlation of two fields for each displacement of the second against the first.

    Each displacement has the mean and the variance of the pixels that then overlap and are valid in
    both. Method: Padfield 2012, doi:10.1109/TIP.2011.2181402.

    Args:
        first, second: Dims (y, x), NaN where missing.
        reach: Largest displacement [pixels].

    Returns:
        Dims (2 reach + 1, 2 reach + 1); element (reach + j, reach + i) is the correlation of
        first[y, x] with second[y + j, x + i], NaN where nothing varies.
    """
    shape = [next_fast_len(n + reach, real=True) for n in first.shape]
    spectra = []
    for field in (first, second):
        valid = np.isfinite(field)
        centred = np.where(valid, field - field[valid].mean(), 0.0) if valid.any() else valid * 0.0
        spectra.append([rfft2(part, shape) for part in (valid * 1.0, centred, centred**2)])
    shifts = np.arange(-reach, reach + 1)

    def overlap(a: int, b: int) -> np.ndarray:
        product = irfft2(spectra[0][a].conj() * spectra[1][b], shape)
        return product[np.ix_(shifts, shifts)]

    n = np.maximum(np.round(overlap(0, 0)), 1)
    mean_a, mean_b = overlap(1, 0) / n, overlap(0, 1) / n
    product = overlap(1, 1) / n - mean_a * mean_b
    spread = (overlap(2, 0) / n - mean_a**2) * (overlap(0, 2) / n - mean_b**2)
    return product / np.sqrt(np.where(spread > 1e-12, spread, np.nan))


def autocorrelation(rate: np.ndarray, *, km: float, distances: Sequence[float]) -> list[float]:
    """Spatial autocorrelation of log rain at some distances, all directions together.

    The mean over rings one pixel wide is interpolated between the rings (and 1 at distance 0).

    Args:
        rate: Rates [mm/h], dims (y, x), NaN where missing.
        km: Pixel [km].
        distances: Distances [km].
    """
    reach = int(np.ceil(max(distances) / km)) + 1
    field = log_rain(rate)
    correlation = shifted_correlation(field, field, reach=reach)
    distance = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1])
    ring = np.round(distance).astype(int).ravel()
    number = np.bincount(ring)
    mean = np.bincount(ring, correlation.ravel()) / number
    away = np.bincount(ring, distance.ravel()) / number
    return np.interp(distances, km * away[: reach + 1], mean[: reach + 1]).tolist()


def motion(first: np.ndarray, second: np.ndarray, *, reach: int) -> tuple[float, float]:
    """How well log rain correlates with itself later when followed, and how far it went.

    The highest correlation over all displacements, refined by a parabola along each axis.

    Args:
        first, second: Rates of two instants [mm/h], dims (y, x), NaN where missing.
        reach: Largest displacement [pixels].

    Returns:
        Lagrangian correlation, and displacement [pixels]; both NaN where a map is dry.
    """
    correlation = shifted_correlation(log_rain(first), log_rain(second), reach=reach)
    if not np.isfinite(correlation).any():
        return np.nan, np.nan
    j, i = np.unravel_index(np.nanargmax(correlation), correlation.shape)
    lines = ((j, correlation[:, i]), (i, correlation[j]))
    (down, gain_y), (right, gain_x) = (summit(line, int(place)) for place, line in lines)
    top = correlation[j, i] + gain_y + gain_x
    return float(min(top, 1.0)), float(np.hypot(j - reach + down, i - reach + right))


def summit(line: np.ndarray, highest: int) -> tuple[float, float]:
    """Top of the parabola through the highest of some values and its neighbours.

    Args:
        line: Values at equal steps, dims (n,).
        highest: Where the highest of them stands.

    Returns:
        Place of the top after `highest` [steps], and its height above it; both 0 at an end.
    """
    if not 0 < highest < line.size - 1:
        return 0.0, 0.0
    before, at, after = line[highest - 1 : highest + 2]
    bend = before - 2 * at + after
    if not bend < 0:
        return 0.0, 0.0
    offset = 0.5 * (before - after) / bend
    return float(offset), float(-0.25 * (before - after) * offset)


def spectrum_slope(rate: np.ndarray, *, km: float) -> float:
    """Slope β of the radially averaged power spectrum of log rain, P ∝ k^−β, from 16 to 128 km.

    Args:
        rate: Rates [mm/h], dims (y, x); what is missing counts as dry; NaN where all is dry.
        km: Pixel [km].
    """
    field = np.nan_to_num(log_rain(rate), nan=np.log(WET))
    window = np.outer(*(np.hanning(n + 2)[1:-1] for n in field.shape))
    field = (field - (field * window).sum() / window.sum()) * window
    power = abs(rfft2(field)) ** 2
    ky, kx = np.fft.fftfreq(field.shape[0], km), np.fft.rfftfreq(field.shape[1], km)
    k = np.hypot(ky[:, None], kx)
    edges = np.geomspace(1 / SPECTRUM_KM[1], 1 / SPECTRUM_KM[0], 10)
    ring = np.digitize(k, edges).ravel()
    number = np.bincount(ring, minlength=edges.size)[1 : edges.size]
    total = np.bincount(ring, power.ravel(), minlength=edges.size)[1 : edges.size]
    used = total > 0
    if used.sum() < 3:
        return np.nan
    middle = np.sqrt(edges[:-1] * edges[1:])
    mean = np.log(total[used] / number[used])
    return float(-np.polyfit(np.log(middle[used]), mean, 1)[0])


def typical_area(rate: np.ndarray, *, km: float) -> float:
    """Area of rain objects [km²] such that half of the wet area lies in larger ones.

    Args:
        rate: Rates [mm/h], dims (y, x), NaN where missing (dry); NaN where all is dry.
        km: Pixel [km].
    """
    objects, number = label(np.nan_to_num(rate) >= WET)
    if not number:
        return np.nan
    areas = np.sort(np.bincount(objects.ravel())[1:])
    share = np.cumsum(areas) / areas.sum()
    return float(areas[np.searchsorted(share, 0.5)] * km**2)
