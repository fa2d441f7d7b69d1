"""Boxes of whole degrees over IMERG's cells, and sums of agreement in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor

import numpy as np
import pandas as pd
import scipy.sparse

from rainscore.errors import RainscoreError
from rainscore.grids import Grid
from rainscore.scores.cellwindows import CellWindows
from rainscore.scores.localscore import WindowMeans, window_means


@dataclass(frozen=True)
class Boxes:
    """Boxes of equal size in degrees, with edges at multiples of it.

    Attributes:
        cells: IMERG's cells (longitude, latitude), row 0 south.
        degrees: Side of a box [degrees].
    """

    cells: Grid
    degrees: float

    @cached_property
    def grid(self) -> Grid:
        """Grid of the boxes that contain cells, row 0 south."""
        cells, side = self.cells, self.degrees
        west, south = (floor(edge / side + 1e-6) for edge in (cells.x0, cells.y0))
        east = ceil((cells.x0 + cells.nx * cells.dx) / side - 1e-6)
        north = ceil((cells.y0 + cells.ny * cells.dy) / side - 1e-6)
        return Grid("EPSG:4326", west * side, south * side, side, side, east - west, north - south)

    def of(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Number of the box of each place, row by row from south-west; −1 outside the boxes.

        Args:
            lon, lat: Longitudes and latitudes [degrees] of one shape.
        """
        row = np.floor((lat - self.grid.y0) / self.degrees).astype(int)
        column = np.floor((lon - self.grid.x0) / self.degrees).astype(int)
        inside = (row >= 0) & (row < self.grid.ny) & (column >= 0) & (column < self.grid.nx)
        return np.where(inside, row * self.grid.nx + column, -1)

    @cached_property
    def index(self) -> np.ndarray:
        """Number of the box of each cell, dims (lat, lon)."""
        return self.of(*np.meshgrid(self.cells.x, self.cells.y))

    @cached_property
    def weights(self) -> scipy.sparse.csc_array:
        """Area of each cell relative to that of its box, dims (box, cell)."""
        box = self.index.ravel()
        row_areas = np.cos(np.deg2rad(self.cells.y))
        areas = np.broadcast_to(row_areas[:, None], self.cells.shape).ravel()
        whole = (self.degrees / self.cells.dx) ** 2 * np.cos(np.deg2rad(self.grid.y))
        shares = areas / np.repeat(whole, self.grid.nx)[box]
        shape = (self.grid.size, self.cells.size)
        places = (box, np.arange(self.cells.size))
        return scipy.sparse.coo_array((shares, places), shape=shape).tocsc()

    def means(
        self, estimate: np.ndarray, observed: np.ndarray, *, wet_threshold: float
    ) -> WindowMeans:
        """Means over each box from which local scores are computed.

        Args:
            estimate, observed: Rates [mm/h], dims (lat, lon); only cells in which both are
                available count.
            wet_threshold: A cell is wet at or above it [mm/h].

        Returns:
            Means, dims (y, x) of the grid of boxes; `radar` stands for `observed`. Cells that do
            not count are 0, so a box of which half counts has half the weight in a sum.
        """
        used = np.flatnonzero(np.isfinite(estimate) & np.isfinite(observed))
        windows = CellWindows(scipy.sparse.csr_array(self.weights[:, used]), self.grid.shape)
        f, o = (rate.ravel()[used][None] for rate in (estimate, observed))
        means = window_means(f, o, windows, wet_threshold=wet_threshold)
        return WindowMeans(*(field[0] for field in means))


def cells_within(bbox: tuple[float, float, float, float]) -> Grid:
    """IMERG's cells that overlap an area.

    Args:
        bbox: West, south, east and north [degrees].

    Raises:
        RainscoreError: The area is empty, or not between 180° W and E and 90° S and N.
    """
    west, south, east, north = bbox
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise RainscoreError(
            f"the area {west:g} {south:g} {east:g} {north:g} is not west, south, east, north in "
            "degrees between 180° W and E and 90° S and N"
        )
    first = floor(west * 10 + 1e-6), floor(south * 10 + 1e-6)
    last = ceil(east * 10 - 1e-6), ceil(north * 10 - 1e-6)
    nx, ny = (end - start for start, end in zip(first, last, strict=True))
    return Grid("EPSG:4326", first[0] / 10, first[1] / 10, 0.1, 0.1, nx, ny)


def day_table(
    by_day: Mapping[np.datetime64, np.ndarray], statistics: Sequence[str], *, weight: str
) -> pd.DataFrame:
    """Table of the sums of each box and day.

    Args:
        by_day: Sums by day, dims (statistic, box).
        statistics: Names of the statistics.
        weight: Statistic that is above 0 in the rows to keep.

    Returns:
        One row per box and day: `box`, `day` and the statistics.
    """
    days = np.array(list(by_day), "datetime64[s]")
    sums = np.stack(list(by_day.values()), axis=1) if by_day else np.zeros((len(statistics), 0, 0))
    _, n_days, n_boxes = sums.shape
    table = pd.DataFrame(
        {
            "box": np.tile(np.arange(n_boxes), n_days),
            "day": np.repeat(days, n_boxes),
            **dict(zip(statistics, sums.reshape(len(statistics), n_days * n_boxes), strict=True)),
        }
    )
    return table[table[weight] > 0].reset_index(drop=True)
