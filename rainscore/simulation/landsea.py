"""Land, sea and coast on IMERG's cells, from a mask of Natural Earth at 0.1°."""

from functools import cache
from pathlib import Path

import numpy as np

from rainscore.grids import Grid

MASK = Path(__file__).parents[1] / "data" / "land.npz"
"""Global mask: packed bits, dims (1800 rows from south, 3600 columns from 180° W)."""


@cache
def _mask() -> np.ndarray:
    """Whether the centre of each cell of the globe is on land, dims (1800, 3600)."""
    with np.load(MASK) as file:
        return np.unpackbits(file["land"]).reshape(1800, 3600).astype(bool)


def land_mask(grid: Grid) -> np.ndarray:
    """Whether the centre of each pixel lies on land; lakes are land.

    Args:
        grid: Any grid.

    Returns:
        Mask, bool, dims (y, x).
    """
    lon, lat = grid.lonlat
    row = np.clip(np.floor((lat + 90) * 10 + 1e-6).astype(int), 0, 1799)
    column = np.floor((lon + 180) * 10 + 1e-6).astype(int) % 3600
    return _mask()[row, column]
