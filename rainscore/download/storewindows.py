"""Rectangles of the maps of an open store, also across the meridian at which the store ends."""

from dataclasses import dataclass
from math import ceil, floor
from typing import NamedTuple

from rainscore.download.openstore import OpenStore
from rainscore.errors import DomainError
from rainscore.grids import Grid

_TOLERANCE = 1e-3
"""Distance to the edge of a pixel that is taken as on the edge [pixels]."""


class ColumnRange(NamedTuple):
    """Consecutive columns of a window that are consecutive in the store, too.

    Attributes:
        stored: Position, in the order of the store.
        first: Column of the window, from west, at which they begin.
    """

    stored: slice
    first: int


@dataclass(frozen=True)
class StoreWindow:
    """Rectangle of the maps of a store.

    Attributes:
        rows: Position, in the order of the store.
        columns: Ranges of columns from west to east; two where the window crosses the meridian at
            which the store begins and ends.
        grid: Grid of the rectangle, row 0 north; longitudes may exceed ±180.
    """

    rows: slice
    columns: tuple[ColumnRange, ...]
    grid: Grid


def find_window(store: OpenStore, bounds: tuple[float, float, float, float]) -> StoreWindow:
    """Pixels of a store that cover a box; parts of the box outside the store are left out.

    Args:
        store: The store.
        bounds: West, south, east, north [degrees]; longitudes may exceed ±180, west < east.

    Raises:
        DomainError: The box is outside the store.
    """
    west, south, east, north = bounds
    grid = store.grid
    top, bottom = _pixels((north - grid.y0) / grid.dy, (south - grid.y0) / grid.dy, grid.ny)
    ranges = _find_columns(grid, west, east)
    if not ranges or top >= bottom:
        raise DomainError(
            f"{store.address}: the place is outside the store, which covers longitudes "
            f"{grid.x0:g} to {grid.x0 + grid.nx * grid.dx:g} and latitudes "
            f"{grid.y0 + grid.ny * grid.dy:g} to {grid.y0:g}; change "
            f"{store.settings.name_of('centre')}"
        )
    x0 = ranges[0][0]
    columns = tuple(
        ColumnRange(
            slice(grid.nx - right, grid.nx - left)
            if store.reversed_columns
            else slice(left, right),
            round((edge - x0) / grid.dx),
        )
        for edge, left, right in ranges
    )
    stored, first = columns[-1]
    part = Grid(
        "EPSG:4326", x0, grid.y0 + top * grid.dy, grid.dx, grid.dy,
        first + stored.stop - stored.start, bottom - top,
    )  # fmt: skip
    rows = slice(grid.ny - bottom, grid.ny - top) if store.reversed_rows else slice(top, bottom)
    return StoreWindow(rows, columns, part)


def _find_columns(grid: Grid, west: float, east: float) -> list[tuple[float, int, int]]:
    """Ranges of columns of a grid in a box: western edge [degrees], first and exclusive last.

    The grid is repeated every 360 degrees, if these are a whole number of its pixels.
    """
    around = 360 / grid.dx
    is_whole = abs(around - round(around)) < _TOLERANCE
    ranges = []
    for turn in (-360.0, 0.0, 360.0) if is_whole else (0.0,):
        x0 = grid.x0 + turn
        left, right = _pixels((west - x0) / grid.dx, (east - x0) / grid.dx, grid.nx)
        if left < right:
            ranges.append((x0 + left * grid.dx, left, right))
    return ranges


def _pixels(first: float, last: float, n: int) -> tuple[int, int]:
    """First and exclusive last pixel of an interval [pixels] on an axis of `n` pixels."""
    return max(floor(first + _TOLERANCE), 0), min(ceil(last - _TOLERANCE), n)
