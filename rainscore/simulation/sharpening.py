"""Restoration of the local distribution of rates after averaging, as in IMERG since V07.

Averages of propagated and infrared rates are too smooth: too large a wet area and too few high
rates. The rates keep their order in a neighbourhood and get the distribution of the inputs there.
Source: Tan et al. (2021), SHARPEN, doi:10.1175/JHM-D-20-0225.1.
"""

from itertools import product

import numpy as np

_TILE = 32  # cells, side of a neighbourhood


def sharpen(rate: np.ndarray, inputs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Give averaged rates the distribution of their inputs, in overlapping neighbourhoods.

    Args:
        rate: Averaged rates [mm/h], dims (y, x), NaN where missing.
        inputs: Rates of the inputs [mm/h], dims (input, y, x).
        weights: Weights of the inputs in the average, dims (input, y, x), 0 where not used.

    Returns:
        Rates [mm/h], dims (y, x), NaN where `rate` is missing. Dry cells stay dry.
    """
    total = np.zeros(rate.shape, np.float32)
    share = np.zeros(rate.shape, np.float32)
    tiles = (_tiles(n) for n in rate.shape)
    for (rows, row_weight), (columns, column_weight) in product(*map(list, tiles)):
        tile = (rows, columns)
        hat = row_weight[:, None] * column_weight
        restored = _restore(rate[tile], inputs[:, rows, columns], weights[:, rows, columns])
        total[tile] += hat * restored
        share[tile] += hat
    return np.where(np.isnan(rate), np.nan, total / share).astype(np.float32)


def _tiles(n: int) -> list[tuple[slice, np.ndarray]]:
    """Slices of tiles along an axis that overlap by half, and the weights of their cells."""
    starts = range(0, max(n - _TILE // 2, 1), _TILE // 2)
    hat = np.minimum(np.arange(_TILE) + 0.5, _TILE - 0.5 - np.arange(_TILE)).astype(np.float32)
    return [(slice(s, min(s + _TILE, n)), hat[: min(s + _TILE, n) - s]) for s in starts]


def _restore(rate: np.ndarray, inputs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Rates with the weighted distribution of the inputs, in the order of `rate`; 0 if missing."""
    valid = ~np.isnan(rate)
    used = (weights > 0) & valid
    result = np.zeros(rate.shape, np.float32)
    if not used.any() or not (rate[valid] > 0).any():
        return result
    values, mass = inputs[used], weights[used]
    order = np.argsort(values, kind="stable")
    values, cumulative = values[order], np.cumsum(mass[order], dtype=np.float64)
    position = (cumulative - mass[order] / 2) / cumulative[-1]
    rank = np.argsort(np.argsort(rate[valid], kind="stable"), kind="stable")
    result[valid] = np.interp((rank + 0.5) / rank.size, position, values)
    return np.where(valid & (rate > 0), result, 0).astype(np.float32)
