"""Fractions skill score (FSS) at many thresholds and window sizes, and the useful scale.

Roberts and Lean (2008), doi:10.1175/2007MWR2123.1. Windows are centred on every pixel. A pixel
that is missing in either product, or outside the map, counts as dry in both. All windows of one
size have the same number of pixels, so the squares of fractions are sums of squared numbers of wet
pixels, which are integers: exact, and additive in any order.
"""

from collections.abc import Sequence
from math import isqrt
from typing import NamedTuple

import numpy as np
from numba import njit, prange

from rainscore.scores.sums import ratio
from rainscore.scores.windowsums import enough_pixels, window_bounds

BITS = 21
"""Bits per count; a 64-bit integer packs three counts: wet IMERG, wet radar, valid pixels."""


MASK = (1 << BITS) - 1
"""Bit mask of one count."""


MAX_SUM = (1 << 57) - 1
"""Largest sum of one map, so that the 48 maps of a day add up in 64 bits."""


class ScaleSums(NamedTuple):
    """Sums of each map, int64, dims (time, threshold, window); they add over time.

    Attributes:
        difference2: Sum over windows of (a − b)², with a and b the numbers of valid pixels where
            IMERG and the radar are wet.
        imerg2, radar2: Sums over windows of a² and of b².
        windows: Number of windows with enough valid pixels.
        defined: Number of these windows where a or b is above 0.
        imerg_wet, radar_wet: Number of valid pixels where each product reaches the threshold, dims
            (time, threshold, 1).
        valid: Number of pixels where both products are valid, dims (time, threshold, 1).
    """

    difference2: np.ndarray
    imerg2: np.ndarray
    radar2: np.ndarray
    windows: np.ndarray
    defined: np.ndarray
    imerg_wet: np.ndarray
    radar_wet: np.ndarray
    valid: np.ndarray


def scale_sums(
    imerg: np.ndarray,
    radar: np.ndarray,
    *,
    thresholds: Sequence[float],
    windows: Sequence[int],
    min_valid: float,
) -> ScaleSums:
    """Compute the sums of the FSS for every pair of threshold and window size.

    Args:
        imerg, radar: Rates [mm/h], dims (time, y, x), NaN where missing.
        thresholds: Wet thresholds [mm/h].
        windows: Sides of the square windows [pixels], odd.
        min_valid: Minimum share (0 to 1) of valid pixels in the part of the window inside the map.

    Raises:
        ValueError: A window is even or has 2²¹ pixels or more, or a sum could exceed 64 bits.
    """
    ny, nx = imerg.shape[1:]
    sides = np.asarray(windows, np.int64)
    largest = min(MASK, isqrt(MAX_SUM // (ny * nx)))
    if sides.max() ** 2 > largest:
        raise ValueError(
            f"windows: a side of {sides.max()} pixels exceeds the maximum of {isqrt(largest)}"
        )
    rows, columns = (
        np.array([window_bounds(n, window=int(w), stride=1) for w in sides]) for n in (ny, nx)
    )
    shape = len(imerg), len(thresholds), len(sides)
    sums, wet = np.zeros((*shape, 5), np.int64), np.zeros((*shape[:2], 3), np.int64)
    _fill(
        np.ascontiguousarray(imerg, np.float32),
        np.ascontiguousarray(radar, np.float32),
        np.asarray(thresholds, np.float32),
        sides,
        rows,
        enough_pixels(min_valid) * (columns[:, 1] - columns[:, 0]),
        sums,
        wet,
    )
    product, imerg2, radar2, enough, defined = np.moveaxis(sums, -1, 0)
    return ScaleSums(
        imerg2 + radar2 - 2 * product,
        imerg2,
        radar2,
        enough,
        defined,
        *(wet[..., k, None] for k in range(3)),
    )


def scale_fss(sums: ScaleSums) -> np.ndarray:
    """FSS for each threshold and window size, of maps or totals; NaN where no window is defined."""
    return 1 - ratio(sums.difference2, sums.imerg2 + sums.radar2)


def base_rate(sums: ScaleSums) -> np.ndarray:
    """Share of the valid pixels where the radar reaches each threshold: the FSS of random maps."""
    return ratio(sums.radar_wet, sums.valid)


def reference_fss(sums: ScaleSums) -> np.ndarray:
    """FSS above which a map is useful, halfway from random to perfect: 0.5 + base rate / 2."""
    return 0.5 + base_rate(sums) / 2


def asymptotic_fss(sums: ScaleSums) -> np.ndarray:
    """FSS of a window as large as the map, 2 f o / (f² + o²): below 1 if the wet area is biased."""
    f, o = (np.asarray(wet, np.float64) for wet in (sums.imerg_wet, sums.radar_wet))
    return ratio(2 * f * o, f**2 + o**2)


def useful_scale(sums: ScaleSums, windows: Sequence[float] | np.ndarray) -> np.ndarray:
    """Smallest window size whose FSS is useful.

    Args:
        sums: Sums of maps or totals, dims (..., threshold, window).
        windows: Window sizes, ascending, in any unit.

    Returns:
        Window size in the unit of `windows`, dims (..., threshold); NaN if no FSS is useful.
    """
    useful = scale_fss(sums) >= reference_fss(sums)
    smallest = np.where(useful, np.asarray(windows, np.float64), np.inf).min(axis=-1)
    return np.where(np.isfinite(smallest), smallest, np.nan)


@njit(cache=True, parallel=True)
def _fill(imerg, radar, thresholds, sides, rows, min_width, sums, wet):
    """Fill `sums` (time, threshold, window, 5) and `wet` (time, threshold, 3)."""
    ny, nx = imerg.shape[1:]
    pad = sides.max() // 2
    for t in prange(len(imerg)):
        table = np.zeros((ny + 1, nx + 2 * pad + 1), np.int64)
        min_pixels = np.empty(nx, np.int64)
        for k in range(len(thresholds)):
            _fill_table(imerg[t], radar[t], thresholds[k], pad, table, wet[t, k])
            for s in range(len(sides)):
                start = pad - sides[s] // 2
                height = 0
                for y in range(ny):
                    top, bottom = rows[s, 0, y], rows[s, 1, y]
                    if bottom - top != height:
                        height = bottom - top
                        for x in range(nx):
                            min_pixels[x] = max(np.ceil(min_width[s, x] * height), 1.0)
                    upper, lower = table[top, start:], table[bottom, start:]
                    _add_row(upper, lower, sides[s], min_pixels, sums[t, k, s])


@njit(cache=True)
def _fill_table(imerg, radar, threshold, pad, table, wet):
    """Fill the summed-area table of the packed counts, padded so that it holds every window.

    Totals may overflow their bits. Differences over a window are still correct, because the
    arithmetic is modulo 2⁶⁴ and the counts of one window fit.
    """
    ny, nx = imerg.shape
    wet[:] = 0
    for y in range(ny):
        row = np.int64(0)
        for x in range(nx):
            a, b = imerg[y, x], radar[y, x]
            counts = np.int64(a >= threshold) | np.int64(b >= threshold) << BITS | 1 << 2 * BITS
            row += counts if (a == a) & (b == b) else np.int64(0)
            table[y + 1, pad + x + 1] = table[y, pad + x + 1] + row
        table[y + 1, pad + nx + 1 :] = table[y + 1, pad + nx]
        wet[0] += row & MASK
        wet[1] += row >> BITS & MASK
        wet[2] += row >> 2 * BITS


@njit(cache=True)
def _add_row(top, bottom, side, min_pixels, sums):
    """Add one row of windows to `sums`."""
    nx = len(min_pixels)
    product = imerg2 = radar2 = windows = defined = np.int64(0)
    top_left, top_right = top[:nx], top[side : side + nx]
    bottom_left, bottom_right = bottom[:nx], bottom[side : side + nx]
    for x in range(nx):
        counts = bottom_right[x] - bottom_left[x] - top_right[x] + top_left[x]
        enough = np.int64(counts >> 2 * BITS >= min_pixels[x])
        a = counts & MASK & -enough
        b = counts >> BITS & MASK & -enough
        product += a * b
        imerg2 += a * a
        radar2 += b * b
        windows += enough
        defined += np.int64((a | b) > 0)
    sums[0] += product
    sums[1] += imerg2
    sums[2] += radar2
    sums[3] += windows
    sums[4] += defined
