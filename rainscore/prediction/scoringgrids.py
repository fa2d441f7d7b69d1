"""Learning grids of the windows in which new maps are scored."""

import numpy as np

from rainscore.errors import RainscoreError
from rainscore.grids import KM_PER_DEGREE, Grid, imerg_cells, window_grid

MIN_PIXELS = 16
"""A side of a window must be longer than this, which the networks need."""


def scoring_grid(
    trained: Grid, *, bbox: list[float] | None = None, centre: list[float] | None = None
) -> Grid:
    """Learning grid of a window with the pixel size of the training.

    Args:
        trained: Learning grid of the training; returned if neither `bbox` nor `centre` is given.
        bbox: West, south, east and north edge [degrees].
        centre: Longitude and latitude [degrees] of the centre of a window as large as `trained`.

    Raises:
        RainscoreError: The box is empty or too small, or the window crosses the date line or
            contains a pole.
    """
    step = trained.dx / 1000
    if centre:
        return _checked_grid((centre[0], centre[1]), (trained.nx * step, trained.ny * step), step)
    if not bbox:
        return trained
    west, south, east, north = bbox
    if not (west < east and south < north):
        raise RainscoreError(f"--bbox {west} {south} {east} {north}: give WEST SOUTH EAST NORTH")
    nearest_equator = 0.0 if south < 0 < north else min(abs(south), abs(north))
    width = (east - west) * KM_PER_DEGREE * np.cos(np.deg2rad(nearest_equator))
    height = (north - south) * KM_PER_DEGREE
    if min(width, height) <= MIN_PIXELS * step:
        raise RainscoreError(f"--bbox: a side must be longer than {MIN_PIXELS * step:g} km")
    return _checked_grid(((west + east) / 2, (south + north) / 2), (width, height), step)


def _checked_grid(
    centre: tuple[float, float], size_km: tuple[float, float], step_km: float
) -> Grid:
    """Grid of a window, refused if its IMERG cells are not contiguous."""
    if abs(centre[1]) > 90:
        raise RainscoreError(f"latitude {centre[1]:g}: give longitude, then latitude [degrees]")
    grid = window_grid(centre=centre, size_km=size_km, step_km=step_km)
    try:
        imerg_cells(grid)
    except ValueError as error:
        raise RainscoreError(str(error)) from error
    return grid
