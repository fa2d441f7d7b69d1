"""Additive sums of the score by source, age and intensity, map by map."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.classes import AGE_CLASSES, AGE_NAMES, RAIN_NAMES, pixel_classes
from rainscore.featurefiles import read_features
from rainscore.features import SOURCE_NAMES

SIZES = (len(SOURCE_NAMES), AGE_CLASSES, len(RAIN_NAMES))


def group_scores(features: Path, scores: xr.Dataset) -> pd.DataFrame:
    """Sums of each map's windows by the classes of their pixel.

    Args:
        features: Training file of the month.
        scores: Score maps of the month.

    Returns:
        One row for each map and occurring combination: time, source, age, intensity (names),
        score_numerator, score_denominator, windows (defined).
    """
    tables = []
    for times, block in read_features([features], scores["time"].values, ["inputs", "quality"]):
        part = scores[["numerator", "denominator"]].sel(time=times.astype("datetime64[ns]"))
        numerator, denominator = (part[name].values.astype(np.float64) for name in part)
        classes = pixel_classes(block["inputs"], block["quality"])
        places = [classes[name] for name in ("source", "age", "intensity")]
        group = np.ravel_multi_index(places, SIZES)
        for i, time in enumerate(times):
            defined = denominator[i] > 0
            parts = (values[i][defined] for values in (group, numerator, denominator))
            tables.append(_sums(time, *parts))
    return pd.concat(tables, ignore_index=True)


def _sums(
    time: np.datetime64, group: np.ndarray, numerator: np.ndarray, denominator: np.ndarray
) -> pd.DataFrame:
    """Sums of one map's defined windows (n,) by their group."""
    found, place, windows = np.unique(group, return_inverse=True, return_counts=True)
    source, age, intensity = np.unravel_index(found, SIZES)
    return pd.DataFrame(
        {
            "time": time.astype("datetime64[ns]"),
            "source": np.take(SOURCE_NAMES, source),
            "age": np.take(AGE_NAMES, age),
            "intensity": np.take(RAIN_NAMES, intensity),
            "score_numerator": np.bincount(place, numerator, found.size),
            "score_denominator": np.bincount(place, denominator, found.size),
            "windows": windows,
        }
    )
