"""Learning grids of the windows in which new maps are scored."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pyproj

from rainscore.errors import RainscoreError
from rainscore.grids import KM_PER_DEGREE, Grid, imerg_cells, window_grid
from rainscore.prediction.margins import MARGIN, Margins

MIN_PIXELS = 16
"""A side of a window must be longer than this, which the networks need."""

TURN = 180.0
"""Angle by which a window across the date line is turned around the Earth's axis [degrees]."""


def scoring_grid(
    trained: Grid,
    *,
    bbox: Sequence[float] | None = None,
    centre: Sequence[float] | None = None,
) -> Grid:
    """Learning grid of a window with the pixel size of the training.

    Args:
        trained: Learning grid of the training; returned if neither `bbox` nor `centre` is given.
        bbox: West, south, east and north edge [degrees]; west > east for a box across the date
            line.
        centre: Longitude and latitude [degrees] of the centre of a window as large as `trained`.

    Raises:
        RainscoreError: The box is empty or too small, or the window contains a pole or reaches
            half around the Earth.
    """
    step = trained.dx / 1000
    if centre:
        return _checked_grid((centre[0], centre[1]), (trained.nx * step, trained.ny * step), step)
    if not bbox:
        return trained
    west, south, east, north = bbox
    text = f"--bbox {west:g} {south:g} {east:g} {north:g}"
    if not south < north or west == east or max(abs(west), abs(east)) > 360:
        raise RainscoreError(f"{text}: give WEST SOUTH EAST NORTH [degrees]")
    span = (east - west) % 360
    nearest_equator = 0.0 if south < 0 < north else min(abs(south), abs(north))
    width = span * KM_PER_DEGREE * np.cos(np.deg2rad(nearest_equator))
    height = (north - south) * KM_PER_DEGREE
    if min(width, height) <= MIN_PIXELS * step:
        raise RainscoreError(f"{text}: a side must be longer than {MIN_PIXELS * step:g} km")
    if span >= 180:
        raise RainscoreError(
            f"{text}: it reaches {span:g}° around the Earth; give WEST SOUTH EAST NORTH of less "
            "than 180°, or score the whole globe by --globe"
        )
    return _checked_grid((west + span / 2, (south + north) / 2), (width, height), step)


def _checked_grid(
    centre: tuple[float, float], size_km: tuple[float, float], step_km: float
) -> Grid:
    """Grid of a window, refused if its IMERG cells are not contiguous around the Earth."""
    if abs(centre[1]) > 90 or abs(centre[0]) > 360:
        raise RainscoreError(
            f"longitude {centre[0]:g}, latitude {centre[1]:g}: give longitude, then latitude "
            "[degrees]"
        )
    longitude = (centre[0] + 180) % 360 - 180
    grid = window_grid(centre=(longitude, centre[1]), size_km=size_km, step_km=step_km)
    contiguous(grid)
    return grid


def contiguous(grid: Grid) -> tuple[Grid, float]:
    """The grid, or near the date line the same grid on the other side of the Earth.

    IMERG's array ends at the date line. Turned around the Earth's axis by a whole number of cells,
    a window keeps its shape and its position on the cells. It is turned if it or its margins cross
    the date line.

    Returns:
        The grid whose cells are contiguous, and the angle by which it is turned [degrees].

    Raises:
        RainscoreError: The window contains a pole.
    """
    full = Margins(*[MARGIN] * 4)
    for margins, angle in product((full, Margins()), (0.0, TURN)):
        try:
            turned = turn(grid, angle) if angle else grid
            imerg_cells(margins.extend(turned))
        except ValueError:
            continue
        return turned, angle
    raise RainscoreError(
        "the window contains a pole, where IMERG's array ends: choose a window farther from it"
    )


def turn(grid: Grid, angle: float) -> Grid:
    """A grid of `window_grid` turned around the Earth's axis.

    Args:
        grid: The grid.
        angle: Angle to the east [degrees].

    Raises:
        ValueError: The projection of the grid has no central meridian.
    """
    match = re.search(r"\+lon_0=(\S+)", grid.crs)
    if match is None:
        raise ValueError(f"{grid.crs!r} cannot be turned: it has no +lon_0")
    longitude = (float(match[1]) + angle + 180) % 360 - 180
    return replace(grid, crs=grid.crs.replace(match[0], f"+lon_0={longitude:.9g}"))


def window_name(grid: Grid) -> str:
    """Name of a window by its centre and its size, for file names.

    >>> window_name(window_grid(centre=(122, -37.5), size_km=(800, 400), step_km=8))
    '37.5S_122E_800x400km'
    """
    middle = grid.x0 + grid.nx / 2 * grid.dx, grid.y0 + grid.ny / 2 * grid.dy
    to_lonlat = pyproj.Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    lon, lat = to_lonlat.transform(*middle)
    place = f"{_angle(lat, 'NS')}_{_angle(lon, 'EW')}"
    return f"{place}_{abs(grid.nx * grid.dx) / 1000:.0f}x{abs(grid.ny * grid.dy) / 1000:.0f}km"


def _angle(value: float, hemispheres: str) -> str:
    rounded = round(value, 3) + 0.0
    return f"{abs(rounded):.3f}".rstrip("0").rstrip(".") + hemispheres[rounded < 0]
