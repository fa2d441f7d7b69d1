"""Where mountains, coasts and lee sides make the rain heavier or lighter.

Smooth hills and hollows at the places of the French ones; their strengths are those of a yearly
map in broad terms, not fitted to one.
"""

import numpy as np

from rainscore.grids import Grid
from rainscore.simulation.noise import KM_PER_DEGREE

PLACES = {
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
"""Longitude, latitude [degrees], radius [km] and logarithm of the factor at each centre."""


MOUNTAINS = {
    "Alps": (6.8, 45.2, 100.0, 1900.0),
    "Jura and Vosges": (6.6, 47.2, 70.0, 800.0),
    "Massif Central": (2.9, 45.0, 90.0, 900.0),
    "Pyrenees": (0.5, 42.7, 80.0, 1700.0),
}
"""Longitude, latitude [degrees], radius [km] and height [m] of the centre."""


_PLAINS = -0.04


_PLAINS_M = 150.0


def terrain_factor(grid: Grid) -> np.ndarray:
    """Factor by which the terrain multiplies rates, about 1 over France.

    Args:
        grid: Any grid.

    Returns:
        Dims (y, x), float32, none missing.
    """
    return np.exp(_PLAINS + _hills(grid, PLACES)).astype(np.float32)


def terrain_height(grid: Grid) -> np.ndarray:
    """Height of smooth mountains at the places of the French ones [m], dims (y, x)."""
    return (_PLAINS_M + _hills(grid, MOUNTAINS)).astype(np.float32)


def _hills(grid: Grid, places: dict[str, tuple[float, float, float, float]]) -> np.ndarray:
    """Sum of Gaussian hills, dims (y, x)."""
    lon, lat = grid.lonlat
    total = np.zeros(grid.shape)
    for lon_0, lat_0, radius, strength in places.values():
        east = (lon - lon_0) * KM_PER_DEGREE * np.cos(np.deg2rad(lat_0))
        north = (lat - lat_0) * KM_PER_DEGREE
        total += strength * np.exp(-(east**2 + north**2) / (2 * radius**2))
    return total
