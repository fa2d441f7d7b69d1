"""The fractions skill score at many thresholds and scales in one pass, with its components.

Roberts and Lean (2008), doi:10.1175/2007MWR2123.1, for the score, its reference and the useful
scale. Masks and edges as in `rainscore.scores.fss`: here a window is centred on every pixel.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit, prange

from rainscore.scores.sums import additive, ratio
from rainscore.scores.windows import enough_pixels, window_bounds

BITS = 21
"""One 64-bit number holds three counts of this many bits: wet IMERG, wet radar, valid pixels."""


MASK = (1 << BITS) - 1


class ScaleSums(NamedTuple):
    """Sums of each map, dims (time, threshold, window); they add over time.

    Attributes:
        difference2: Sum over windows of (f − o)², f and o the fractions of IMERG and the radar.
        imerg2, radar2: Sums of f² and of o².
        windows: Number of windows with enough valid pixels.
        defined: Those where either fraction is above 0.
        imerg_wet, radar_wet, valid: Pixels where each product reaches the threshold, among the
            pixels where both are valid; dims (time, threshold, 1).
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
    """Components of the score for every pair of threshold and window.

    Args:
        imerg, radar: Rates [mm/h], dims (time, y, x), missing as NaN.
        thresholds: Rates [mm/h].
        windows: Sides of the square windows [pixels], odd.
        min_valid: Share (0 to 1) of a window's pixels inside the map that must be valid.

    Raises:
        ValueError: A window is even, or holds 2²¹ pixels or more.
    """
    ny, nx = imerg.shape[1:]
    sides = np.asarray(windows, np.int64)
    if sides.max() ** 2 > MASK:
        raise ValueError(f"windows: {sides.max()} pixels is more than {int(MASK**0.5)}, the widest")
    rows, columns = (
        np.array([window_bounds(n, window=int(w), stride=1) for w in sides]) for n in (ny, nx)
    )
    shape = len(imerg), len(thresholds), len(sides)
    sums, wet = np.zeros((*shape, 5)), np.zeros((*shape[:2], 3), np.int64)
    _fill(
        np.ascontiguousarray(imerg, np.float32),
        np.ascontiguousarray(radar, np.float32),
        np.asarray(thresholds, np.float32),
        sides,
        rows,
        (enough_pixels(min_valid) * (columns[:, 1] - columns[:, 0])).astype(np.float32),
        sums,
        wet,
    )
    counts = (sums[..., k].astype(np.int64) for k in (3, 4))
    return ScaleSums(
        *(additive(sums[..., k]) for k in range(3)), *counts, *(wet[..., k, None] for k in range(3))
    )


def scale_fss(sums: ScaleSums) -> np.ndarray:
    """Score of each threshold and window, of maps or totals; NaN where no window is defined."""
    return 1 - ratio(sums.difference2, sums.imerg2 + sums.radar2)


def base_rate(sums: ScaleSums) -> np.ndarray:
    """Share of the valid pixels where the radar reaches each threshold: the score of chance."""
    return ratio(sums.radar_wet, sums.valid)


def reference_fss(sums: ScaleSums) -> np.ndarray:
    """Score that is useful, halfway between chance and perfection: 0.5 + base rate / 2."""
    return 0.5 + base_rate(sums) / 2


def asymptotic_fss(sums: ScaleSums) -> np.ndarray:
    """Score of a window as large as the map, 2 f o / (f² + o²): below 1 where there is bias."""
    f, o = (np.asarray(wet, np.float64) for wet in (sums.imerg_wet, sums.radar_wet))
    return ratio(2 * f * o, f**2 + o**2)


def useful_scale(sums: ScaleSums, windows: Sequence[int]) -> np.ndarray:
    """Smallest of the windows [pixels] whose score is useful, dims without the window; NaN if none.

    Args:
        sums: Of maps or totals.
        windows: As given to `scale_sums`.
    """
    useful = scale_fss(sums) >= reference_fss(sums)
    smallest = np.where(useful, np.asarray(windows, np.float64), np.inf).min(axis=-1)
    return np.where(np.isfinite(smallest), smallest, np.nan)


@njit(cache=True, parallel=True)
def _fill(imerg, radar, thresholds, sides, rows, least, sums, wet):
    """Fill `sums` (time, threshold, window, 5) and `wet` (time, threshold, 3)."""
    ny, nx = imerg.shape[1:]
    pad = sides.max() // 2
    for t in prange(len(imerg)):
        table = np.zeros((ny + 1, nx + 2 * pad + 1), np.int64)
        for k in range(len(thresholds)):
            _fill_table(imerg[t], radar[t], thresholds[k], pad, table, wet[t, k])
            for s in range(len(sides)):
                start = pad - sides[s] // 2
                for y in range(ny):
                    top, bottom = rows[s, 0, y], rows[s, 1, y]
                    _add_row(
                        table[top, start:],
                        table[bottom, start:],
                        sides[s],
                        least[s] * np.float32(bottom - top),
                        sums[t, k, s],
                    )


@njit(cache=True)
def _fill_table(imerg, radar, threshold, pad, table, wet):
    """Summed-area table of the three packed counts, padded so that no window leaves it.

    Totals may overflow their bits; differences over a window come out right, since arithmetic
    is modulo 2⁶⁴ and a window's own counts fit.
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


@njit(cache=True, fastmath={"reassoc", "contract", "nsz", "arcp"})
def _add_row(top, bottom, side, least, sums):
    """Add one row of windows to `sums`; single precision within the row, so that it vectorises."""
    nx = len(least)
    zero, one = np.float32(0), np.float32(1)
    difference2 = imerg2 = radar2 = windows = defined = zero
    top_left, top_right = top[:nx], top[side : side + nx]
    bottom_left, bottom_right = bottom[:nx], bottom[side : side + nx]
    for x in range(nx):
        counts = bottom_right[x] - bottom_left[x] - top_right[x] + top_left[x]
        valid = np.float32(np.int32(counts >> 2 * BITS))
        enough = one if valid >= max(least[x], one) else zero
        share = enough / max(valid, one)
        f = np.float32(np.int32(counts & MASK)) * share
        o = np.float32(np.int32(counts >> BITS & MASK)) * share
        difference2 += (f - o) * (f - o)
        imerg2 += f * f
        radar2 += o * o
        windows += enough
        defined += one if f + o > zero else zero
    sums[0] += difference2
    sums[1] += imerg2
    sums[2] += radar2
    sums[3] += windows
    sums[4] += defined
