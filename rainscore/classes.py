"""Classes by which scores are grouped, all known without radar."""

from itertools import pairwise

import numpy as np

from rainscore.features.channels import (
    CHANNELS,
    SOURCE_NAMES,
    source_class,
    unscale_age,
    unscale_rain,
)

AGE_EDGES_H = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.5)
QUALITY_BINS = 40
AGE_NAMES = (
    "now",
    *(f"{a:g}–{b:g} h" for a, b in pairwise(AGE_EDGES_H)),
    f"> {AGE_EDGES_H[-1]:g} h",
    "unknown",
)
RAIN_EDGES = (0.2, 1.0, 3.0)
DRY = -1
"""Cluster of the maps with too little rain, which are not clustered."""
RAIN_NAMES = ("< 0.2 mm/h", "0.2–1 mm/h", "1–3 mm/h", "≥ 3 mm/h")


def pixel_classes(inputs: np.ndarray, quality: np.ndarray) -> dict[str, np.ndarray]:
    """Classes of each pixel that are known without radar, dims (map, y, x), integers.

    Args:
        inputs: Channels, dims (map, channel, y, x).
        quality: IMERG's quality index, dims (map, y, x), NaN missing.
    """
    channel = {name: inputs[:, i].astype(np.float32) for i, name in enumerate(CHANNELS)}
    # Half precision keeps ages to a minute or so: round before a class edge can split them.
    ages = age_class(np.round(unscale_age(channel["age_last"]) * 10) / 10)
    source = source_class(inputs)
    rain = unscale_rain(channel["rain"])
    return {
        "source": source,
        "age": ages,
        "intensity": np.searchsorted(RAIN_EDGES, rain, side="right"),
        "source_age": source * AGE_CLASSES + ages,
        "quality": quality_class(quality.astype(np.float32)),
    }


def source_rain_class(inputs: np.ndarray) -> np.ndarray:
    """Class of source and intensity together, dims (map, y, x), 0 … SOURCE_RAIN_CLASSES − 1.

    Args:
        inputs: Channels, dims (map, channel, y, x).
    """
    rain = unscale_rain(inputs[:, CHANNELS.index("rain")])
    intensity = np.searchsorted(RAIN_EDGES, rain, side="right")
    return source_class(inputs).astype(int) * len(RAIN_NAMES) + intensity


SOURCE_RAIN_CLASSES = len(SOURCE_NAMES) * len(RAIN_NAMES)


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


def season_of(month: int) -> str:
    """Meteorological season of a month.

    >>> season_of(12), season_of(4)
    ('DJF', 'MAM')
    """
    return ("DJF", "MAM", "JJA", "SON")[month % 12 // 3]
