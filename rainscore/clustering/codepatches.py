"""Rain around the windows of a code: a real example, and the prototype, which is the mean."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.sparse import csr_array

from rainscore.clustering.atlas import EVERY
from rainscore.clustering.codebook import NO_CODE, CodeBook
from rainscore.clustering.codemaps import read_codes
from rainscore.clustering.labels import EXCLUDED_SPLITS
from rainscore.io import MAPS_PER_CHUNK
from rainscore.training.channels import CHANNELS, unscale_rain
from rainscore.training.features import read_features

PATCH = 25
"""Side of the example and of the prototype [pixels]."""


def example_patches(features: Sequence[Path], table: pd.DataFrame) -> np.ndarray:
    """Rain around the example of each row of the atlas.

    Args:
        features: Training files.
        table: Rows of `atlas.describe_codes`.

    Returns:
        Rain [mm/h], dims (row, PATCH, PATCH), NaN where missing or outside the map.
    """
    patches = np.full((len(table), PATCH, PATCH), np.nan, np.float32)
    times = table["example_time"].to_numpy().astype("datetime64[s]")
    for block_times, block in read_features(features, np.unique(times), ["inputs"], maps=1):
        padded = unscale_rain(_padded(block["inputs"])[0])
        for i in np.flatnonzero(times == block_times[0]):
            row, column = (int(table[f"example_{axis}"].iloc[i]) for axis in ("row", "column"))
            patches[i] = padded[row : row + PATCH, column : column + PATCH]
    return patches


def prototype_patches(
    book: CodeBook, codes: Path, features: Sequence[Path], splits: pd.DataFrame
) -> xr.Dataset:
    """Prototype of each code and each family: the mean scaled log-rain around its windows.

    The mean is what the decoder with the least mean squared error of the scaled log-rain gives for
    a code. It is taken over the windows that `atlas.describe_codes` describes; pixels without data
    and outside the map are left out.

    Args:
        book: The code book.
        codes: File of `codemaps.write_codes`.
        features: Training files.
        splits: Table of `splits.split_blocks`.

    Returns:
        code_rain (code, y, x) and family_rain (family, y, x): the mean as rain rate [mm/h], NaN
        where no window has data; y and x are PATCH pixels, the window is in the middle.
    """
    count = len(book.centres)
    total = np.zeros((2, count, PATCH, PATCH))  # sum of the scaled rain, number of valid pixels
    times = splits.loc[~splits["split"].isin(EXCLUDED_SPLITS), "time"].to_numpy()[::EVERY]
    for part, arrays in read_features(features, times, ["inputs"], maps=MAPS_PER_CHUNK):
        for stamps, maps in read_codes(codes, part):
            total += _sums(maps, arrays["inputs"][np.isin(part, stamps)], count)
    member = np.eye(book.family.max() + 1)[book.family]  # (code, family)
    by_family = np.einsum("scyx,cf->sfyx", total, member)
    return xr.Dataset(
        {
            f"{name}_rain": _prototypes(sums, name)
            for name, sums in (("code", total), ("family", by_family))
        },
        attrs={"title": "Prototypes of the codes and families: mean scaled log-rain"},
    )


def _prototypes(sums: np.ndarray, name: str) -> xr.DataArray:
    """Rain of the mean of sums and numbers, dims (2, row, y, x)."""
    scaled = np.divide(sums[0], sums[1], out=np.full_like(sums[0], np.nan), where=sums[1] > 0)
    attrs = {"units": "mm h-1", "long_name": f"prototype of the {name}"}
    return xr.DataArray(unscale_rain(scaled), dims=(name, "y", "x"), attrs=attrs)


def _sums(codes: np.ndarray, inputs: np.ndarray, count: int) -> np.ndarray:
    """Sums over the windows of each code around them, dims (2, code, PATCH, PATCH).

    Args:
        codes: Maps of codes, dims (time, y, x).
        inputs: Channels, dims (time, channel, y, x).
        count: Number of codes.

    Returns:
        Sum of the scaled rain, and number of pixels with data.
    """
    padded = _padded(inputs)
    valid = np.isfinite(padded)
    pair = np.stack([np.where(valid, padded, 0), valid])
    # The last dimension holds the neighbours along x.
    rows = np.lib.stride_tricks.sliding_window_view(pair, PATCH, axis=-1)
    time, y, x = np.nonzero(codes != NO_CODE)
    code = codes[time, y, x].astype(np.int64)
    windows = np.arange(len(code))
    member = csr_array((np.ones(len(code)), (code, windows)), shape=(count, len(code)))
    sums = np.zeros((2, count, PATCH, PATCH))
    for dy in range(PATCH):
        for kind in range(2):
            sums[kind, :, dy] = member @ rows[kind, time, y + dy, x].astype(np.float64)
    return sums


def _padded(inputs: np.ndarray) -> np.ndarray:
    """Scaled rain with a margin of half a patch, NaN where missing or outside the map.

    Args:
        inputs: Channels, dims (time, channel, y, x).

    Returns:
        Dims (time, y + PATCH - 1, x + PATCH - 1), float32.
    """
    rain, valid = (inputs[:, CHANNELS.index(name)] for name in ("rain", "valid"))
    scaled = np.where(valid > 0.5, rain, np.nan).astype(np.float32)
    half = PATCH // 2
    return np.pad(scaled, ((0, 0), (half, half), (half, half)), constant_values=np.nan)
