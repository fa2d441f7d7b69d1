"""Classes of pixels of the learning grid that do not need radar."""

import numpy as np

from rainscore.analysis.classes import AGE_CLASSES, RAIN_EDGES, RAIN_NAMES, age_class, quality_class
from rainscore.imerg.passes import SOURCE_NAMES
from rainscore.training.channels import CHANNELS, source_class, unscale_age, unscale_rain


def pixel_classes(inputs: np.ndarray, quality: np.ndarray) -> dict[str, np.ndarray]:
    """Classes of each pixel that do not need radar.

    Args:
        inputs: Channels, dims (map, channel, y, x).
        quality: Quality index of IMERG, dims (map, y, x), NaN missing.

    Returns:
        Integers, dims (map, y, x), by name: source, age, intensity, source_age, quality.
    """
    channel = {name: inputs[:, i].astype(np.float32) for i, name in enumerate(CHANNELS)}
    # Half precision resolves ages to about a minute; rounding keeps them on one side of an edge.
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
    """Combined class of source and rain intensity.

    Args:
        inputs: Channels, dims (map, channel, y, x).

    Returns:
        Integers 0 … SOURCE_RAIN_CLASSES − 1, dims (map, y, x).
    """
    rain = unscale_rain(inputs[:, CHANNELS.index("rain")])
    intensity = np.searchsorted(RAIN_EDGES, rain, side="right")
    return source_class(inputs).astype(int) * len(RAIN_NAMES) + intensity


SOURCE_RAIN_CLASSES = len(SOURCE_NAMES) * len(RAIN_NAMES)
