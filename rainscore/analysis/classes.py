"""Classes by which scores are grouped: edges and names, all available without radar."""

from itertools import pairwise

import numpy as np

from rainscore.imerg.passes import SOURCE_NAMES, SOURCES

UNKNOWN = "unknown"
"""Name of the class of missing values."""


SENSOR_NAMES = (*SOURCE_NAMES[: len(SOURCES)], UNKNOWN)
"""Kinds of microwave sensors."""


CELL_SOURCES = (*SENSOR_NAMES[:-1], "morphed", "mixed", "infrared", UNKNOWN)
"""Sources of a cell's estimate: `SOURCE_NAMES` with `mixed` for some infrared weight.

A kind of sensor: a microwave observation in this half-hour. Without one: `morphed` has no infrared
weight, `mixed` less than `INFRARED_FROM`, `infrared` at least that.
"""


INFRARED_FROM = 50.0
"""Infrared weight [%] from which a cell without microwave is classed as `infrared`."""


AGE_EDGES_H = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.5)
"""Upper edges of the classes of the time from a microwave pass [h]."""


AGE_NAMES = (
    "now",
    *(f"{a:g}–{b:g} h" for a, b in pairwise(AGE_EDGES_H)),
    f"> {AGE_EDGES_H[-1]:g} h",
    UNKNOWN,
)
"""Names of the classes of the time from a microwave pass."""


AGE_CLASSES = len(AGE_NAMES)
"""Number of these classes."""


RAIN_EDGES = (0.2, 1.0, 3.0)
"""Lower edges of the classes of IMERG's rain but the first [mm/h]."""


RAIN_NAMES = ("< 0.2 mm/h", "0.2–1 mm/h", "1–3 mm/h", "≥ 3 mm/h")
"""Names of the classes of IMERG's rain."""


QUALITY_BINS = 40
"""Number of classes of IMERG's quality index, 0 to 1."""


QUALITY_CLASSES = QUALITY_BINS + 1
"""Number of these classes with that of missing values."""


_SERIES = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)


RATE_EDGES = np.array([0.0, *(s * d for d in (0.1, 1.0, 10.0) for s in _SERIES), 100.0]).round(4)
"""Lower edges of the classes of the joint histogram of rates [mm/h]: ten per decade from 0.1."""


THRESHOLDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Wet thresholds of the contingency and of the FSS by scale [mm/h]; all are in `RATE_EDGES`."""


def age_class(age_h: np.ndarray) -> np.ndarray:
    """Class of the time from a microwave pass, an index into `AGE_NAMES`.

    Args:
        age_h: Time [h], any dims; NaN where unknown.

    Returns:
        Classes, int, same dims.
    """
    index = np.searchsorted(AGE_EDGES_H, np.nan_to_num(age_h), side="left")
    return np.where(np.isnan(age_h), AGE_CLASSES - 1, index)


def quality_class(quality: np.ndarray) -> np.ndarray:
    """Class of IMERG's quality index in steps of 1 / `QUALITY_BINS`; NaN is the last class.

    Args:
        quality: Quality index [1], 0 to 1, any dims.

    Returns:
        Classes, int, same dims.
    """
    index = np.clip(np.nan_to_num(quality) * QUALITY_BINS, 0, QUALITY_BINS - 1).astype(int)
    return np.where(np.isnan(quality), QUALITY_BINS, index)
