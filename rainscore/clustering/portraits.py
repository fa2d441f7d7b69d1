"""What a map of rain looks like, in a few numbers of its own, without radar."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.imerg.passes import SOURCE_NAMES
from rainscore.training.channels import CHANNELS, source_class, unscale_rain
from rainscore.training.features import learning_grid, read_features

HEAVY = 5.0
"""Rain of a pixel that is called convective-like [mm/h], on the learning grid."""


def describe_maps(paths: Sequence[Path], times: np.ndarray, *, threshold: float) -> pd.DataFrame:
    """Portrait of each map.

    Args:
        paths: Training files.
        times: Half-hours wanted; those that no file holds are left out.
        threshold: A pixel at or above it is wet [mm/h].

    Returns:
        One row a map: time, what `portrait` says, and the share of valid pixels of each source
        (`imager`, `SSMIS`, `sounder`, `morphed`, `infrared`).
    """
    step_km = learning_grid(paths[0]).dx / 1000
    parts = []
    for at, block in read_features(paths, times, ["inputs"]):
        inputs = block["inputs"].astype(np.float32)
        valid = inputs[:, CHANNELS.index("valid")] > 0.5
        rain = np.where(valid, unscale_rain(inputs[:, CHANNELS.index("rain")]), np.nan)
        source = source_class(inputs)
        count = np.maximum(valid.sum(axis=(1, 2)), 1)
        shares = {
            name: ((source == i) & valid).sum(axis=(1, 2)) / count
            for i, name in enumerate(SOURCE_NAMES)
        }
        looks = portrait(rain, threshold=threshold, step_km=step_km)
        parts.append(looks.assign(**shares, time=at.astype("datetime64[ns]")))
    return pd.concat(parts, ignore_index=True)


def portrait(rain: np.ndarray, *, threshold: float, step_km: float) -> pd.DataFrame:
    """Area, strength, texture and place of the rain of each map.

    Args:
        rain: Dims (map, y, x) [mm/h], NaN missing, row 0 north.
        threshold: A pixel at or above it is wet [mm/h].
        step_km: Side of a pixel [km].

    Returns:
        One row a map; all NaN but `wet_share` where nothing is wet:

        - wet_share: share of the valid pixels that is wet (NaN without any);
        - intensity: mean rain of the wet pixels [mm/h];
        - heavy_share: share of the wet pixels with at least HEAVY, convective-like;
        - scale_km: distance at which the autocorrelation of the log-rain falls to 1/e [km];
        - east, north: centre of the rain, from −1 (west, south) to 1 (east, north).
    """
    valid = np.isfinite(rain)
    filled = np.where(valid & (rain >= threshold), rain, 0.0)
    wet = (filled > 0).sum(axis=(1, 2))
    some = np.where(wet > 0, wet, np.nan)
    total = filled.sum(axis=(1, 2))
    weight = np.where(wet > 0, total, np.nan)
    ny, nx = rain.shape[1:]
    count = valid.sum(axis=(1, 2))
    return pd.DataFrame(
        {
            "wet_share": np.where(count > 0, wet / np.maximum(count, 1), np.nan),
            "intensity": total / some,
            "heavy_share": (filled >= HEAVY).sum(axis=(1, 2)) / some,
            "scale_km": np.where(wet > 0, decorrelation(np.log1p(filled / 0.1)) * step_km, np.nan),
            "east": (filled.sum(axis=1) @ np.linspace(-1, 1, nx)) / weight,
            "north": (filled.sum(axis=2) @ np.linspace(1, -1, ny)) / weight,
        }
    )


def decorrelation(fields: np.ndarray) -> np.ndarray:
    """Distance at which the autocorrelation of each field falls to 1/e, dims (map,) [pixels].

    Autocorrelation by the Wiener–Khinchin theorem, without wrapping around, averaged over
    directions and interpolated between whole pixels; half the shorter side where it never falls so
    far, as in a constant field.

    Args:
        fields: Dims (map, y, x), finite.
    """
    ny, nx = fields.shape[1:]
    centred = fields - fields.mean(axis=(1, 2), keepdims=True)
    shape = (2 * ny, 2 * nx)
    power = np.abs(np.fft.rfft2(centred, s=shape)) ** 2
    product = np.fft.irfft2(power, s=shape)
    rows, columns = (np.minimum(np.arange(n), n - np.arange(n)) for n in shape)
    ring = np.rint(np.hypot(rows[:, None], columns)).astype(int).ravel()
    far = min(ny, nx) // 2
    near = ring <= far
    members = np.bincount(ring[near])
    flat = product.reshape(len(fields), -1)[:, near]
    profile = np.stack([np.bincount(ring[near], one) for one in flat]) / members
    profile = profile / np.where(profile[:, :1] > 0, profile[:, :1], np.inf)
    limit = np.exp(-1)
    below = profile < limit
    first = np.where(below[:, 1:].any(axis=1), below[:, 1:].argmax(axis=1) + 1, far)
    row = np.arange(len(fields))
    before, after = profile[row, first - 1], profile[row, first]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.clip((before - limit) / (before - after), 0, 1)
    return np.where(below[row, first] & (before > limit), first - 1 + part, far)
