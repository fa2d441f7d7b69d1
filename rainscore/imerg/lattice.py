"""IMERG's global 0.1° lattice, and the part of it that a file contains."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rainscore.errors import DamagedFile, DomainError
from rainscore.grids import Grid
from rainscore.hdf5files import PRODUCER
from rainscore.imerg.variables import Variables

ROWS, COLUMNS = 1800, 3600
"""Number of rows and columns of the globe."""


class Box(NamedTuple):
    """Rectangle of cells on IMERG's global 0.1° lattice.

    Attributes:
        south, west: Row (from 90°S) and column (from 180°W) of the first cell.
        ny, nx: Number of rows and columns.
    """

    south: int
    west: int
    ny: int
    nx: int


class FileCells(NamedTuple):
    """Cells of a file.

    Attributes:
        box: Position on the lattice.
        north_first: Whether row 0 of the file is north.
    """

    box: Box
    north_first: bool


def lattice_box(cells: Grid) -> Box:
    """Position of cells on IMERG's lattice.

    Raises:
        ValueError: The grid is not aligned with IMERG's cells, or its row 0 is not south.
    """
    south, west = (cells.y0 + 90) * 10, (cells.x0 + 180) * 10
    offset = max(abs(south - round(south)), abs(west - round(west)))
    step_error = max(abs(cells.dx - 0.1), abs(cells.dy - 0.1))
    if cells.crs != "EPSG:4326" or offset > 1e-3 or step_error > 1e-6:
        raise ValueError(f"not on IMERG's 0.1° lattice with row 0 south: {cells}")
    return Box(round(south), round(west), cells.ny, cells.nx)


def lattice_cells(box: Box) -> Grid:
    """Cells of a box in longitude and latitude, row 0 south; inverse of `lattice_box`."""
    return Grid("EPSG:4326", box.west / 10 - 180, box.south / 10 - 90, 0.1, 0.1, box.nx, box.ny)


def file_cells(variables: Variables) -> FileCells:
    """Cells of a file, from its axes.

    Raises:
        DamagedFile: The axes are not part of IMERG's lattice.
    """
    south, ny, north_first = _axis(variables, ("lat", "latitude"), ROWS)
    west, nx, reverse = _axis(variables, ("lon", "longitude"), COLUMNS)
    if reverse:
        raise DamagedFile(variables.path, "its longitudes descend", "sort the file by longitude")
    return FileCells(Box(south, west, ny, nx), north_first)


def _axis(variables: Variables, names: tuple[str, ...], cells: int) -> tuple[int, int, bool]:
    """Lattice index of the smallest coordinate of an axis, its length, and whether it descends.

    The coordinates in the files are float32 (−89.549995) and are rounded to the lattice.
    """
    name, path = names[0], variables.path
    dataset = variables.find(*names)
    if dataset is None:
        raise DamagedFile(path, f"it has no {name}", f"download it with {name}")
    if dataset.ndim != 1 or not 0 < dataset.size <= cells:
        raise DamagedFile(path, f"the shape of its {name} is {dataset.shape}", PRODUCER)
    values, written = dataset.read()
    position = _position(values.tobytes(), values.dtype, name, cells) if written.all() else None
    if position is None:
        raise DamagedFile(path, f"its {name} is not an axis of 0.1° cells of IMERG", PRODUCER)
    first, descends = position
    if first < 0 or first + dataset.size > cells:
        low, high = (edge / 10 - cells / 20 for edge in (first, first + dataset.size))
        raise DamagedFile(
            path,
            f"its {name} reaches from {low:g} to {high:g}",
            f"use files with {name} within ±{cells // 20}",
        )
    return first, dataset.size, descends


@lru_cache(maxsize=100)  # the granules of a folder have the same axes
def _position(
    coordinates: bytes, dtype: np.dtype, name: str, cells: int
) -> tuple[int, bool] | None:
    """Lattice index of the smallest coordinate, and whether they descend; None off the lattice."""
    index = np.frombuffer(coordinates, dtype).astype(np.float64) * 10 + cells / 2 - 0.5
    descends = bool(index[0] > index[-1])
    if descends:
        index = index[::-1]
    if name == "lon" and index[0] >= COLUMNS:
        index = index - COLUMNS  # longitudes from 180 to 360
    if not np.isfinite(index).all():
        return None
    first = round(index[0])
    if np.abs(index - first - np.arange(index.size)).max() > 0.05:
        return None
    return first, descends


def overlap(box: Box, other: Box) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
    """Cells common to two boxes: rows in each, columns in each; None if there are none."""
    rows = _common(box.south, box.ny, other.south, other.ny)
    columns = _common(box.west, box.nx, other.west, other.nx)
    return None if rows is None or columns is None else (rows, columns)


def _common(first: int, length: int, other: int, other_length: int) -> tuple[slice, slice] | None:
    start, stop = max(first, other), min(first + length, other + other_length)
    if stop <= start:
        return None
    return slice(start - first, stop - first), slice(start - other, stop - other)


def outside(path: Path | str, box: Box) -> DomainError:
    """Error for a window that does not overlap the cells of a file."""
    south, north = (n / 10 - 90 for n in (box.south, box.south + box.ny))
    west, east = (n / 10 - 180 for n in (box.west, box.west + box.nx))
    return DomainError(
        f"{path}: the window is outside the file, which covers latitudes {south:g} to "
        f"{north:g} and longitudes {west:g} to {east:g}; choose another window or file"
    )


def centres(first: int, n: int, cells: int) -> np.ndarray:
    """Centres [degrees] of `n` cells of an axis of `cells` cells, starting at a lattice index."""
    return ((np.arange(first, first + n) - cells // 2) * 10 + 5) / 100
