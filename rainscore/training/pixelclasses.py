"""Classes of pixels of the learning grid, known without radar."""

import numpy as np

from rainscore.analysis.classes import AGE_CLASSES, RAIN_EDGES, RAIN_NAMES, age_class, quality_class
from rainscore.imerg.passes import SOURCE_NAMES
from rainscore.training.channels import CHANNELS, source_class, unscale_age, unscale_rain


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
