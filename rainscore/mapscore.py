"""From local scores to the score of the whole map."""

import numpy as np

from rainscore.conformal import apply_margin


def mean_where(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Mean of each map (map, y, x) over its mask; NaN where the mask is empty."""
    count = mask.sum(axis=(1, 2))
    total = np.where(mask, values, 0.0).sum(axis=(1, 2), dtype=np.float64)
    return np.where(count, total / np.maximum(count, 1), np.nan)


def map_score(raw: np.ndarray, card: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Map score and its 90 % interval from the mean of the local medians; NaN stays."""
    line = card["map"]
    value = np.clip(line["intercept"] + line["slope"] * raw, 0.0, 1.0)
    low, high = apply_margin(value, value, line["margin"])
    return value, low, high
