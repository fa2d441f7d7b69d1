"""Effect of mountains, coasts and lee sides on the simulated rain.

Smooth Gaussian hills and hollows at the locations of the main French ones. Their strengths follow
a map of yearly rain in broad terms and are not fitted to data.
"""

import numpy as np

from rainscore.grids import Grid
from rainscore.simulation.noise import KM_PER_DEGREE

RAIN_HILLS = {
    "Alps": (6.8, 45.4, 90.0, 0.35),
    "Jura and Vosges": (6.7, 47.5, 60.0, 0.35),
    "Massif Central": (2.7, 45.2, 70.0, 0.25),
    "Cévennes": (3.8, 44.3, 40.0, 0.35),
    "Pyrenees": (0.3, 42.9, 70.0, 0.35),
    "Breton coast": (-3.6, 48.2, 70.0, 0.20),
    "Basque coast": (-1.2, 43.6, 60.0, 0.25),
    "Beauce and Paris": (1.9, 48.3, 110.0, -0.20),
    "Limagne": (3.4, 45.9, 25.0, -0.25),
    "Alsace": (7.5, 48.3, 30.0, -0.30),
    "Mediterranean coast": (4.6, 43.2, 60.0, -0.15),
}
"""Longitude, latitude [degrees], radius [km], and logarithm of the rain factor at the centre."""

MOUNTAINS = {
    "Alps": (6.8, 45.2, 100.0, 1900.0),
    "Jura and Vosges": (6.6, 47.2, 70.0, 800.0),
    "Massif Central": (2.9, 45.0, 90.0, 900.0),
    "Pyrenees": (0.5, 42.7, 80.0, 1700.0),
}
"""Longitude, latitude [degrees], radius [km], and height at the centre [m]."""

_PLAINS = -0.04  # logarithm of the rain factor far from the hills
_PLAINS_M = 150.0  # height far from the mountains


def terrain_factor(grid: Grid) -> np.ndarray:
    """Factor of the terrain on rain rates, with mean 1 over France.

    Args:
        grid: Any grid.

    Returns:
        Factor, dims (y, x), float32, without missing values.
    """
    return np.exp(_PLAINS + _hills(grid, RAIN_HILLS)).astype(np.float32)


def terrain_height(grid: Grid) -> np.ndarray:
    """Height of the smoothed terrain [m], dims (y, x), float32, without missing values."""
    return (_PLAINS_M + _hills(grid, MOUNTAINS)).astype(np.float32)


def _hills(grid: Grid, hills: dict[str, tuple[float, float, float, float]]) -> np.ndarray:
    """Sum of Gaussian hills, dims (y, x)."""
    lon, lat = grid.lonlat
    total = np.zeros(grid.shape)
    for lon_0, lat_0, radius, strength in hills.values():
        east = (lon - lon_0) * KM_PER_DEGREE * np.cos(np.deg2rad(lat_0))
        north = (lat - lat_0) * KM_PER_DEGREE
        total += strength * np.exp(-(east**2 + north**2) / (2 * radius**2))
    return total
