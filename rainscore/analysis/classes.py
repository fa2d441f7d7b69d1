"""Classes by which scores are grouped, all known without radar."""

from itertools import pairwise

import numpy as np

AGE_EDGES_H = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.5)


QUALITY_BINS = 40


AGE_NAMES = (
    "now",
    *(f"{a:g}–{b:g} h" for a, b in pairwise(AGE_EDGES_H)),
    f"> {AGE_EDGES_H[-1]:g} h",
    "unknown",
)


RAIN_EDGES = (0.2, 1.0, 3.0)


RAIN_NAMES = ("< 0.2 mm/h", "0.2–1 mm/h", "1–3 mm/h", "≥ 3 mm/h")


def age_class(age_h: np.ndarray) -> np.ndarray:
    """Class of the time since the last microwave pass: 0 is now, NaN (unknown) the last.

    Args:
        age_h: Hours, any dims.

    Returns:
        int, 0 … len(AGE_EDGES_H) + 1.
    """
    known = np.searchsorted(AGE_EDGES_H, np.nan_to_num(age_h), side="left")
    return np.where(np.isnan(age_h), len(AGE_EDGES_H) + 1, known)


AGE_CLASSES = len(AGE_EDGES_H) + 2


def quality_class(quality: np.ndarray) -> np.ndarray:
    """Class of IMERG's quality index, in steps of 1/40; missing is the last class."""
    known = np.clip(np.nan_to_num(quality) * QUALITY_BINS, 0, QUALITY_BINS - 1).astype(int)
    return np.where(np.isnan(quality), QUALITY_BINS, known)


QUALITY_CLASSES = QUALITY_BINS + 1
