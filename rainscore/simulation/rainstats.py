"""Statistics of rain maps: distribution, spatial structure, motion and persistence.

The same estimators are used for simulated and for real frames.
"""

from collections.abc import Sequence

import numpy as np
from scipy.fft import irfft2, next_fast_len, rfft2
from scipy.ndimage import label

WET = 0.1
"""Rain rate at or above which a pixel is wet, and lower limit before the logarithm [mm/h]."""

SPECTRUM_KM = (16.0, 128.0)
"""Range of wavelengths over which the slope of the spectrum is fitted [km]."""


def log_rain(rate: np.ndarray) -> np.ndarray:
    """ln max(rate, 0.1 mm/h), any dims, NaN where the rate is missing."""
    return np.log(np.maximum(rate, WET))


def marginal(rate: np.ndarray) -> dict[str, float]:
    """Wet fraction, and mean and standard deviation of the logarithm of the wet rates.

    Args:
        rate: Rain rate [mm/h], dims (y, x), NaN where missing.

    Returns:
        The three statistics by name; the last two are NaN where no pixel is wet.
    """
    valid = rate[np.isfinite(rate)]
    wet = valid[valid >= WET]
    return {
        "wet fraction": wet.size / valid.size if valid.size else np.nan,
        "mean when wet [mm/h]": float(wet.mean()) if wet.size else np.nan,
        "SD of ln(rate)": float(np.log(wet).std()) if wet.size else np.nan,
    }


def shifted_correlation(first: np.ndarray, second: np.ndarray, *, reach: int) -> np.ndarray:
    """Correlation of two fields for each displacement of the second relative to the first.

    For each displacement, mean and variance are those of the overlapping pixels that are valid in
    both fields. Method: Padfield 2012, doi:10.1109/TIP.2011.2181402.

    Args:
        first, second: Fields, dims (y, x), NaN where missing.
        reach: Largest displacement [pixels].

    Returns:
        Correlation, dims (2 reach + 1, 2 reach + 1). Element (reach + j, reach + i) is that of
        first[y, x] with second[y + j, x + i], NaN where a variance is 0.
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
    """Isotropic spatial autocorrelation of log rain.

    The autocorrelation is averaged over rings one pixel wide and interpolated between them.

    Args:
        rate: Rain rate [mm/h], dims (y, x), NaN where missing.
        km: Pixel size [km].
        distances: Distances [km].

    Returns:
        Autocorrelation at each distance.
    """
    reach = int(np.ceil(max(distances) / km)) + 1
    field = log_rain(rate)
    correlation = shifted_correlation(field, field, reach=reach)
    distance = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1])
    ring = np.round(distance).astype(int).ravel()
    number = np.bincount(ring)
    mean = np.bincount(ring, correlation.ravel()) / number
    mean_distance = np.bincount(ring, distance.ravel()) / number
    return np.interp(distances, km * mean_distance[: reach + 1], mean[: reach + 1]).tolist()


def motion(first: np.ndarray, second: np.ndarray, *, reach: int) -> tuple[float, float]:
    """Lagrangian correlation of log rain between two times, and displacement.

    The highest correlation over all displacements, refined by a parabola along each axis.

    Args:
        first, second: Rain rates at two times [mm/h], dims (y, x), NaN where missing.
        reach: Largest displacement [pixels].

    Returns:
        Lagrangian correlation and displacement [pixels]; both NaN where a map is dry. The
        displacement is also NaN where the highest correlation is at the largest displacement along
        an axis, because the rain may have moved further.
    """
    correlation = shifted_correlation(log_rain(first), log_rain(second), reach=reach)
    if not np.isfinite(correlation).any():
        return np.nan, np.nan
    j, i = np.unravel_index(np.nanargmax(correlation), correlation.shape)
    lines = ((j, correlation[:, i]), (i, correlation[j]))
    (offset_y, gain_y), (offset_x, gain_x) = (summit(line, int(index)) for index, line in lines)
    highest = correlation[j, i] + gain_y + gain_x
    displacement = float(np.hypot(j - reach + offset_y, i - reach + offset_x))
    at_limit = max(abs(j - reach), abs(i - reach)) == reach
    return float(min(highest, 1.0)), np.nan if at_limit else displacement


def summit(line: np.ndarray, highest: int) -> tuple[float, float]:
    """Vertex of the parabola through the highest of some values and its two neighbours.

    Args:
        line: Values at equal steps, dims (n,).
        highest: Index of the highest value.

    Returns:
        Position of the vertex relative to `highest` [steps], and its height above that value; both
        0 at an end of the line.
    """
    if not 0 < highest < line.size - 1:
        return 0.0, 0.0
    before, middle, after = line[highest - 1 : highest + 2]
    curvature = before - 2 * middle + after
    if not curvature < 0:
        return 0.0, 0.0
    offset = 0.5 * (before - after) / curvature
    return float(offset), float(-0.25 * (before - after) * offset)


def spectrum_slope(rate: np.ndarray, *, km: float) -> float:
    """Slope β of the radially averaged power spectrum of log rain, P ∝ k^−β, from 16 to 128 km.

    Args:
        rate: Rain rate [mm/h], dims (y, x), NaN where missing (treated as dry).
        km: Pixel size [km].

    Returns:
        Slope, NaN where all pixels are dry.
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
    """Area of rain objects such that half of the wet area lies in larger objects.

    Args:
        rate: Rain rate [mm/h], dims (y, x), NaN where missing (treated as dry).
        km: Pixel size [km].

    Returns:
        Area [km²], NaN where all pixels are dry.
    """
    objects, number = label(np.nan_to_num(rate) >= WET)
    if not number:
        return np.nan
    areas = np.sort(np.bincount(objects.ravel())[1:])
    share = np.cumsum(areas) / areas.sum()
    return float(areas[np.searchsorted(share, 0.5)] * km**2)
