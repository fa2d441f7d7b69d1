"""Where mountains, coasts and lee sides make the rain heavier or lighter.

Smooth hills and hollows at the places of the French ones; their strengths are those of a yearly
map in broad terms, not fitted to one.
"""

import numpy as np

from rainscore.grids import Grid

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

_PLAINS = -0.04


def terrain_factor(grid: Grid) -> np.ndarray:
    """Factor by which the terrain multiplies rates, about 1 over France.

    Args:
        grid: Any grid.

    Returns:
        Dims (y, x), float32, none missing.
    """
    lon, lat = grid.lonlat
    logarithm = np.full(grid.shape, _PLAINS)
    for lon_0, lat_0, radius, strength in PLACES.values():
        east = (lon - lon_0) * 111.2 * np.cos(np.deg2rad(lat_0))
        north = (lat - lat_0) * 111.2
        logarithm += strength * np.exp(-(east**2 + north**2) / (2 * radius**2))
    return np.exp(logarithm).astype(np.float32)
