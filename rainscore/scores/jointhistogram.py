"""Joint histograms of the rates of IMERG and the radar."""

import numpy as np
from numba import njit, prange

from rainscore.scores.sums import flat_maps


def joint_histogram(imerg: np.ndarray, radar: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Count the pixels of each pair of rate classes.

    Args:
        imerg, radar: Rates [mm/h], dims (time, y, x), NaN where missing; a pixel counts if both
            are valid.
        edges: Lower edges of the classes [mm/h], ascending; the first is at most the lowest rate,
            and the last class has no upper edge.

    Returns:
        Counts, int64, dims (time, class of IMERG, class of the radar); they add over maps.
    """
    counts = np.zeros((len(imerg), len(edges), len(edges)), np.int64)
    _count(flat_maps(imerg), flat_maps(radar), np.asarray(edges, np.float32), counts)
    return counts


@njit(cache=True, parallel=True)
def _count(imerg, radar, edges, counts):
    """Fill `counts` (time, class, class) from rates (time, pixel)."""
    for t in prange(len(imerg)):
        for p in range(imerg.shape[1]):
            a, b = imerg[t, p], radar[t, p]
            if a == a and b == b:
                i = 0 if a < edges[1] else np.searchsorted(edges, a, "right") - 1
                j = 0 if b < edges[1] else np.searchsorted(edges, b, "right") - 1
                counts[t, i, j] += 1
