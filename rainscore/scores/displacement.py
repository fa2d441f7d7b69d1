"""Displacement and amplitude: how far rain must be moved to match, and what is left then."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import map_coordinates, uniform_filter

from rainscore.scores.sums import additive, ratio

REACH = 2
"""Pixels, of each level of the pyramid, by which a field may be moved in each direction."""


class DisplacementSums(NamedTuple):
    """Sums of each map over the wet pixels of both products, dims (time,); they add over maps.

    Attributes:
        wet: Number of wet pixels of IMERG plus number of wet pixels of the radar.
        sum_distance: Sum of the distances moved there [pixels].
        sum_error2: Sum of the squared differences left there [(mm/h)²].
        sum_radar2, radar_wet: Sum of the squared rates of the radar where it is wet [(mm/h)²], and
            number of these pixels.
    """

    wet: np.ndarray
    sum_distance: np.ndarray
    sum_error2: np.ndarray
    sum_radar2: np.ndarray
    radar_wet: np.ndarray


def displacement_sums(
    imerg: np.ndarray, radar: np.ndarray, *, threshold: float, levels: int = 4
) -> DisplacementSums:
    """Move IMERG onto the radar and the radar onto IMERG by a pyramid of block matches.

    Optical flow of Keil and Craig (2009), doi:10.1175/2009WAF2222247.1: the fields are averaged
    over 2^levels pixels; each pixel moves by up to `REACH` to where the squared difference
    about it is least; the moves are smoothed; the moved field is matched again on each finer
    level.

    Args:
        imerg, radar: Rates [mm/h], dims (time, y, x), missing as NaN; pixels missing in either are
            left out of both.
        threshold: Wet pixels are at or above it [mm/h].
        levels: Coarsest level; `search_distance` says how far rain can be moved.
    """
    sums = np.zeros((len(imerg), len(DisplacementSums._fields)))
    for t, (a, b) in enumerate(zip(imerg, radar, strict=True)):
        both = np.isfinite(a) & np.isfinite(b)
        f, o = (
            np.where(both & (rate >= np.float32(threshold)), rate, 0).astype(np.float32)
            for rate in (a, b)
        )
        for moving, fixed in ((f, o), (o, f)):
            wet = fixed > 0
            moved, distance = move_onto(moving, fixed, levels=levels)
            sums[t, 0] += wet.sum()
            sums[t, 1] += distance[wet].sum(dtype=np.float64)
            sums[t, 2] += np.square(moved - fixed)[wet].sum(dtype=np.float64)
        sums[t, 3:] = np.square(o).sum(dtype=np.float64), (o > 0).sum()
    distance, error2, radar2 = additive(sums[:, 1:4].T)
    wet, radar_wet = sums[:, [0, 4]].T.astype(np.int64)
    return DisplacementSums(wet, distance, error2, radar2, radar_wet)


def move_onto(
    moving: np.ndarray, fixed: np.ndarray, *, levels: int
) -> tuple[np.ndarray, np.ndarray]:
    """Move a field onto another; both (y, x) [mm/h] without missing values.

    Returns:
        The moved field [mm/h], and how far the rain now at each pixel came [pixels].
    """
    ny, nx = fixed.shape
    grid = np.indices((ny, nx), np.float32)
    shift = np.zeros_like(grid)
    moved = moving
    for level in range(levels, -1, -1):
        step = 2**level
        best = _best_shift(_coarsen(moved, step), _coarsen(fixed, step)) * step
        finer = best.repeat(step, axis=1).repeat(step, axis=2)[:, :ny, :nx]
        shift += uniform_filter(finer, (1, 2 * step + 1, 2 * step + 1))  # blocks would tear rain
        moved = map_coordinates(moving, grid + shift, order=1, mode="constant")
    return moved, np.hypot(*shift)


def _best_shift(moving: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """Offset (2, y, x) at which `moving` is most like `fixed` about each pixel, 0 at a tie."""
    side = np.arange(-REACH, REACH + 1)
    offsets = np.array([(dy, dx) for dy in side for dx in side])
    offsets = offsets[np.argsort(np.abs(offsets).sum(axis=1), kind="stable")]
    padded = np.pad(moving, REACH)
    ny, nx = fixed.shape
    errors = [
        uniform_filter(
            np.square(padded[REACH + dy :, REACH + dx :][:ny, :nx] - fixed),
            2 * REACH + 1,
            mode="constant",
        )
        for dy, dx in offsets
    ]
    return np.moveaxis(offsets[np.argmin(np.round(errors, 6), axis=0)], -1, 0).astype(np.float32)


def _coarsen(field: np.ndarray, step: int) -> np.ndarray:
    """Means of blocks of pixels, with dry pixels added to fill the last blocks."""
    ny, nx = field.shape
    padded = np.pad(field, ((0, -ny % step), (0, -nx % step)))
    blocks = padded.reshape(padded.shape[0] // step, step, padded.shape[1] // step, step)
    return blocks.mean(axis=(1, 3))


def search_distance(levels: int) -> int:
    """Farthest that rain can be moved along each side [pixels]."""
    return REACH * (2 ** (levels + 1) - 1)


def displacement(sums: DisplacementSums) -> np.ndarray:
    """Mean distance moved [pixels]; NaN where both products are dry."""
    return ratio(sums.sum_distance, sums.wet)


def amplitude(sums: DisplacementSums) -> np.ndarray:
    """Root-mean-square difference left [mm/h]; NaN where both products are dry."""
    return np.sqrt(ratio(sums.sum_error2, sums.wet))


def das(sums: DisplacementSums, *, intensity: float, levels: int = 4) -> np.ndarray:
    """Displacement over the search distance plus amplitude over a typical rate; 0 is perfect.

    Args:
        sums: Of maps or totals.
        intensity: Typical root-mean-square rate of wet radar pixels [mm/h]: `typical_rate` of a
            whole period, not of one map.
        levels: As given to `displacement_sums`.
    """
    return displacement(sums) / search_distance(levels) + amplitude(sums) / intensity


def typical_rate(sums: DisplacementSums) -> np.ndarray:
    """Root-mean-square rate of the wet pixels of the radar [mm/h]."""
    return np.sqrt(ratio(sums.sum_radar2, sums.radar_wet))
