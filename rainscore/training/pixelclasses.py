"""Classes of pixels of the learning grid that do not need radar."""

import numpy as np

from rainscore.analysis.classes import AGE_CLASSES, RAIN_EDGES, age_class, quality_class
from rainscore.training.channels import (
    CHANNELS,
    known_quality,
    source_class,
    unscale_age,
    unscale_rain,
)


def pixel_classes(inputs: np.ndarray) -> dict[str, np.ndarray]:
    """Classes of each pixel that do not need radar.

    Args:
        inputs: Channels, dims (map, channel, y, x).

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
        "quality": quality_class(known_quality(inputs)),
    }
