"""Rain objects: connected areas of rain, and how those of IMERG match those of the radar."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import label
from scipy.optimize import linear_sum_assignment

from rainscore.scores.sums import additive, ratio


class Objects(NamedTuple):
    """Objects of one map, dims (object,).

    Attributes:
        area: Number of pixels.
        total, peak: Sum and largest of the rates [mm/h].
        y, x: Row and column of the centre of mass.
    """

    area: np.ndarray
    total: np.ndarray
    peak: np.ndarray
    y: np.ndarray
    x: np.ndarray


class ObjectSums(NamedTuple):
    """Sums of each map, dims (time,); they add over maps.

    Attributes:
        imerg_objects, radar_objects: Numbers of objects.
        matched: Number of matched pairs.
        sum_distance: Sum of the distances between matched centres of mass [pixels].
        sum_log_area, sum_log_rate: Sums of the natural logarithm of IMERG's area, and mean rate,
            over those of the matched object of the radar.
    """

    imerg_objects: np.ndarray
    radar_objects: np.ndarray
    matched: np.ndarray
    sum_distance: np.ndarray
    sum_log_area: np.ndarray
    sum_log_rate: np.ndarray


def find_objects(rate: np.ndarray, *, threshold: float, min_area: int = 1) -> Objects:
    """Areas of pixels at or above a threshold that touch by a side or a corner.

    Args:
        rate: One map [mm/h], dims (y, x); a missing pixel belongs to no object.
        threshold: Rate [mm/h], above 0.
        min_area: Smallest area kept [pixels].
    """
    labels, _ = label(rate >= np.float32(threshold), structure=np.ones((3, 3)))
    y, x = np.nonzero(labels)
    index, values = labels[y, x] - 1, rate[y, x].astype(np.float64)
    area, total, total_y, total_x = (
        np.bincount(index, weights) for weights in (None, values, values * y, values * x)
    )
    peak = np.zeros(len(area))
    np.maximum.at(peak, index, values)
    kept = area >= min_area
    return Objects(*(part[kept] for part in (area, total, peak, total_y / total, total_x / total)))


def object_sums(
    imerg: np.ndarray, radar: np.ndarray, *, threshold: float, min_area: int, max_distance: float
) -> ObjectSums:
    """Match the objects of each map one to one, so that the total distance is least.

    Args:
        imerg, radar: Rates [mm/h], dims (time, y, x), missing as NaN; pixels missing in either are
            left out of both.
        threshold: Rate that bounds the objects [mm/h].
        min_area: Smallest object [pixels].
        max_distance: Largest distance between matched centres of mass [pixels].
    """
    sums = np.zeros((len(imerg), len(ObjectSums._fields)))
    for t, (a, b) in enumerate(zip(imerg, radar, strict=True)):
        both = np.isfinite(a) & np.isfinite(b)
        f, o = (
            find_objects(np.where(both, rate, 0), threshold=threshold, min_area=min_area)
            for rate in (a, b)
        )
        distance = np.hypot(f.y[:, None] - o.y, f.x[:, None] - o.x)
        i, j = linear_sum_assignment(np.minimum(distance, 2 * max_distance))
        near = distance[i, j] <= max_distance
        i, j = i[near], j[near]
        log_area = np.log(f.area[i] / o.area[j])
        log_rate = np.log(f.total[i] / o.total[j]) - log_area
        sums[t, :3] = len(f.area), len(o.area), len(i)
        sums[t, 3:] = distance[i, j].sum(), log_area.sum(), log_rate.sum()
    return ObjectSums(*sums[:, :3].T.astype(np.int64), *additive(sums[:, 3:].T))


def matched_share(sums: ObjectSums) -> np.ndarray:
    """Share of all objects, of both products, that are matched; NaN without objects."""
    return ratio(2 * np.asarray(sums.matched), sums.imerg_objects + sums.radar_objects)


def mean_distance(sums: ObjectSums) -> np.ndarray:
    """Mean distance of matched centres of mass [pixels]; NaN without a match."""
    return ratio(sums.sum_distance, sums.matched)


def area_ratio(sums: ObjectSums) -> np.ndarray:
    """Geometric mean of IMERG's area over the radar's, of matched objects; NaN without a match."""
    return np.exp(ratio(sums.sum_log_area, sums.matched))


def rate_ratio(sums: ObjectSums) -> np.ndarray:
    """Geometric mean of IMERG's mean rate over the radar's, of matched objects; NaN without any."""
    return np.exp(ratio(sums.sum_log_rate, sums.matched))
