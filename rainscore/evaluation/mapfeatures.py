"""Features of whole maps, from IMERG alone, for rivals of the U-Net's map score."""

import numpy as np
import pandas as pd
from scipy.ndimage import uniform_filter

from rainscore.clustering.descriptors import rain_descriptors
from rainscore.evaluation.blocks import CHANNEL_NAMES, Block
from rainscore.imerg.passes import SOURCE_NAMES
from rainscore.training.channels import source_class, unscale_rain

QUANTILES = (0.5, 0.9, 0.99)
"""Levels of the quantiles of the rain of the wet pixels."""

TEXTURE_SIDES = (3, 7, 15)
"""Sides of the squares whose variance measures the texture [pixels of the learning grid]."""

AVERAGED = ("mw_rain", "age_last", "age_next", "age_known", "ir_influence", "liquid")
"""Channels whose mean over the wet windows is a feature."""

CHANGES = ("change_previous", "change_next")


def features_of_maps(block: Block, *, wet_threshold: float, step_km: float) -> pd.DataFrame:
    """About thirty features of each map.

    Args:
        block: The maps.
        wet_threshold: Rates at or above it are wet [mm/h].
        step_km: Side of a pixel [km].

    Returns:
        One row per map: time; the descriptors of `rain_descriptors` without the position; mean
        rain, its standard deviation, maximum and quantiles over the wet pixels; shares of the
        sources; means over the wet windows of `AVERAGED`, of the changes in time and their
        absolute values; shares of the known neighbours in time; wet share of the windows; share
        of the variance that is left after averaging over squares; means of the quality index and
        the random error. NaN where undefined.
    """
    channel = {name: block.inputs[:, i] for i, name in enumerate(CHANNEL_NAMES)}
    valid = channel["valid"] > 0
    rain = np.where(valid, unscale_rain(channel["rain"]), np.nan)
    described = rain_descriptors(rain, threshold=wet_threshold, step_km=step_km)
    source = source_class(block.inputs)
    columns: dict[str, np.ndarray] = {
        "mean_rain": _mean(rain, valid),
        "spread": _mean(rain**2, valid) - _mean(rain, valid) ** 2,
        "largest": np.nanmax(np.where(valid, rain, -1), axis=(1, 2)),
        **_rain_quantiles(rain, wet_threshold),
        **{name: _mean(source == i, block.wet) for i, name in enumerate(SOURCE_NAMES)},
        **{name: _mean(channel[name], block.wet) for name in (*AVERAGED, *CHANGES)},
        **{f"size of {name}": _mean(np.abs(channel[name]), block.wet) for name in CHANGES},
        **{name: _mean(channel[name], valid) for name in ("previous_known", "next_known")},
        "wet_windows": _mean(block.wet, valid),
        **_texture(channel["rain"]),
        "quality": _mean(block.quality, block.wet & np.isfinite(block.quality)),
        "random_error": _mean(block.random_error, block.wet & np.isfinite(block.random_error)),
    }
    table = described.drop(columns=["east", "north"]).assign(**columns)
    return table.assign(time=block.times.astype("datetime64[ns]"))


def _mean(field: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Mean of each map over the chosen pixels, dims (map,); NaN without any."""
    count = chosen.sum(axis=(1, 2))
    total = np.where(chosen, field, 0).sum(axis=(1, 2), dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _rain_quantiles(rain: np.ndarray, wet_threshold: float) -> dict[str, np.ndarray]:
    """Quantiles of the rain of the wet pixels by name, dims (map,); 0 without any."""
    rows = np.zeros((len(rain), len(QUANTILES)))
    for i, field in enumerate(rain):
        wet = field[field >= wet_threshold]
        if wet.size:
            rows[i] = np.quantile(wet, QUANTILES)
    return {f"quantile {level}": rows[:, i] for i, level in enumerate(QUANTILES)}


def _texture(rain: np.ndarray) -> dict[str, np.ndarray]:
    """Variance of the scaled rain after averaging over squares, relative to that before."""
    variance = np.maximum(rain.var(axis=(1, 2)), 1e-9)
    return {
        f"texture {side}": uniform_filter(rain, (1, side, side)).var(axis=(1, 2)) / variance
        for side in TEXTURE_SIDES
    }
