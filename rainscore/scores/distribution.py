"""Distributions: joint histograms that add over maps, quantiles and distances from them."""

import numpy as np
from numba import njit, prange

from rainscore.scores.sums import flat_maps, ratio

EDGES = np.concatenate([[0.0], np.geomspace(0.01, 300.0, 128)])
"""Edges of the classes of rate [mm/h]: a first for the dry pixels, then 8.5 % wide each."""


def joint_histogram(imerg: np.ndarray, radar: np.ndarray, edges: np.ndarray = EDGES) -> np.ndarray:
    """Number of pixels of each pair of classes.

    Args:
        imerg, radar: Rates [mm/h], dims (time, y, x), missing as NaN; a pixel counts where both
            are valid.
        edges: Lower edge of each class [mm/h], ascending, the first at or below all rates; the
            last class has no upper edge.

    Returns:
        Counts, int64, dims (time, class of IMERG, class of the radar); they add over maps.
    """
    counts = np.zeros((len(imerg), len(edges), len(edges)), np.int64)
    _count(flat_maps(imerg), flat_maps(radar), np.asarray(edges, np.float32), counts)
    return counts


@njit(cache=True, parallel=True)
def _count(imerg, radar, edges, counts):
    for t in prange(len(imerg)):
        for p in range(imerg.shape[1]):
            a, b = imerg[t, p], radar[t, p]
            if a == a and b == b:
                i = 0 if a < edges[1] else np.searchsorted(edges, a, "right") - 1
                j = 0 if b < edges[1] else np.searchsorted(edges, b, "right") - 1
                counts[t, i, j] += 1


def quantile(histogram: np.ndarray, share: float, edges: np.ndarray = EDGES) -> np.ndarray:
    """Rate below which a share of the pixels lies, linear within a class.

    Args:
        histogram: Counts of one product, dims (..., class): a `joint_histogram` summed over the
            other's classes.
        share: From 0 to 1.
        edges: As given to `joint_histogram`.

    Returns:
        Rates [mm/h], dims (...); NaN without pixels, the last edge where the last class is reached.
    """
    below = _cumulative(histogram)
    k = ((below < share) | (below == 0)).sum(axis=-1)  # the quantile 0 is where the pixels begin
    k = np.minimum(k, len(edges) - 2)[..., None]
    high = np.take_along_axis(below, k, axis=-1)
    low = np.where(k > 0, np.take_along_axis(below, np.maximum(k - 1, 0), axis=-1), 0)
    part = np.clip(ratio(share - low, high - low), 0, 1)
    return (edges[k] + part * (edges[k + 1] - edges[k]))[..., 0]


def wasserstein(joint: np.ndarray, edges: np.ndarray = EDGES) -> np.ndarray:
    """Area between the two cumulative distributions, the mean rate that must be moved.

    Args:
        joint: Counts of `joint_histogram`, or totals of them, dims (..., IMERG, radar).
        edges: As given to `joint_histogram`.

    Returns:
        Distance [mm/h], dims (...), as if rates lay evenly within their class; NaN without pixels.
    """
    gap = np.abs(_cumulative(joint.sum(axis=-1)) - _cumulative(joint.sum(axis=-2)))
    before = np.concatenate([np.zeros_like(gap[..., :1]), gap[..., :-2]], axis=-1)
    return ((before + gap[..., :-1]) / 2 * np.diff(edges)).sum(axis=-1)


def _cumulative(histogram: np.ndarray) -> np.ndarray:
    """Share of the pixels in each class or a lower one."""
    return ratio(histogram.cumsum(axis=-1), histogram.sum(axis=-1, keepdims=True))
