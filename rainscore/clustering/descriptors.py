"""Descriptors of rain maps: area, strength, texture, position and source, without radar."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.imerg.passes import SOURCE_NAMES
from rainscore.training.channels import CHANNELS, source_class, unscale_rain
from rainscore.training.features import learning_grid, read_features

HEAVY_MM_H = 5.0
"""Minimum rain of a heavy (convective-like) pixel of the learning grid [mm/h]."""


def describe_maps(paths: Sequence[Path], times: np.ndarray, *, threshold: float) -> pd.DataFrame:
    """Descriptors of each map.

    Args:
        paths: Training files.
        times: Half-hours; those that are in no file are left out.
        threshold: Minimum rain of a wet pixel [mm/h].

    Returns:
        One row per map: time, the descriptors of `rain_descriptors`, and the share of valid pixels
        of each source (imager, SSMIS, sounder, morphed, infrared).
    """
    step_km = learning_grid(paths[0]).dx / 1000
    parts = []
    for block_times, block in read_features(paths, times, ["inputs"]):
        inputs = block["inputs"].astype(np.float32)
        valid = inputs[:, CHANNELS.index("valid")] > 0.5
        rain = np.where(valid, unscale_rain(inputs[:, CHANNELS.index("rain")]), np.nan)
        source = source_class(inputs)
        count = np.maximum(valid.sum(axis=(1, 2)), 1)
        shares = {
            name: ((source == i) & valid).sum(axis=(1, 2)) / count
            for i, name in enumerate(SOURCE_NAMES)
        }
        table = rain_descriptors(rain, threshold=threshold, step_km=step_km)
        parts.append(table.assign(**shares, time=block_times.astype("datetime64[ns]")))
    return pd.concat(parts, ignore_index=True)


def rain_descriptors(rain: np.ndarray, *, threshold: float, step_km: float) -> pd.DataFrame:
    """Area, strength, texture and position of the rain of each map.

    Args:
        rain: Dims (map, y, x) [mm/h], NaN is missing, row 0 is north.
        threshold: Minimum rain of a wet pixel [mm/h].
        step_km: Side of a pixel [km].

    Returns:
        One row per map; all NaN but `wet_share` where no pixel is wet:

        - wet_share: share of wet pixels among the valid ones [1], NaN without any valid pixel;
        - intensity: mean rain of the wet pixels [mm/h];
        - heavy_share: share of the wet pixels with at least HEAVY_MM_H [1];
        - scale_km: distance at which the autocorrelation of the log-rain falls to 1/e [km];
        - east, north: centre of the rain, from −1 (west, south) to 1 (east, north).
    """
    valid = np.isfinite(rain)
    filled = np.where(valid & (rain >= threshold), rain, 0.0)
    wet = (filled > 0).sum(axis=(1, 2))
    wet_or_nan = np.where(wet > 0, wet, np.nan)
    total = filled.sum(axis=(1, 2))
    total_or_nan = np.where(wet > 0, total, np.nan)
    ny, nx = rain.shape[1:]
    count = valid.sum(axis=(1, 2))
    length = decorrelation_length(np.log1p(filled / 0.1))
    return pd.DataFrame(
        {
            "wet_share": np.where(count > 0, wet / np.maximum(count, 1), np.nan),
            "intensity": total / wet_or_nan,
            "heavy_share": (filled >= HEAVY_MM_H).sum(axis=(1, 2)) / wet_or_nan,
            "scale_km": np.where(wet > 0, length * step_km, np.nan),
            "east": (filled.sum(axis=1) @ np.linspace(-1, 1, nx)) / total_or_nan,
            "north": (filled.sum(axis=2) @ np.linspace(1, -1, ny)) / total_or_nan,
        }
    )


def decorrelation_length(fields: np.ndarray) -> np.ndarray:
    """Distance at which the autocorrelation of each field falls to 1/e.

    The autocorrelation is computed by the Wiener–Khinchin theorem without wrapping around, averaged
    over directions and interpolated linearly between whole pixels.

    Args:
        fields: Dims (map, y, x), finite.

    Returns:
        Dims (map,) [pixels]; half the shorter side where the autocorrelation stays above 1/e, as in
        a constant field.
    """
    ny, nx = fields.shape[1:]
    centred = fields - fields.mean(axis=(1, 2), keepdims=True)
    shape = (2 * ny, 2 * nx)
    power = np.abs(np.fft.rfft2(centred, s=shape)) ** 2
    product = np.fft.irfft2(power, s=shape)
    rows, columns = (np.minimum(np.arange(n), n - np.arange(n)) for n in shape)
    distance = np.rint(np.hypot(rows[:, None], columns)).astype(int).ravel()
    limit_distance = min(ny, nx) // 2
    near = distance <= limit_distance
    members = np.bincount(distance[near])
    flat = product.reshape(len(fields), -1)[:, near]
    profile = np.stack([np.bincount(distance[near], values) for values in flat]) / members
    profile = profile / np.where(profile[:, :1] > 0, profile[:, :1], np.inf)
    limit = np.exp(-1)
    below = profile < limit
    crossing = below[:, 1:].argmax(axis=1) + 1
    first = np.where(below[:, 1:].any(axis=1), crossing, limit_distance)
    row = np.arange(len(fields))
    before, after = profile[row, first - 1], profile[row, first]
    with np.errstate(invalid="ignore", divide="ignore"):
        fraction = np.clip((before - limit) / (before - after), 0, 1)
    crosses = below[row, first] & (before > limit)
    return np.where(crosses, first - 1 + fraction, limit_distance)
