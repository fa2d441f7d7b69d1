"""Smooth windows over IMERG's cells, centred on the pixels of the learning grid."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyproj
import scipy.sparse
from numba import njit, prange

from rainscore.grids import KM_PER_DEGREE, Grid

PARTS = 2
"""A cell is divided into PARTS × PARTS points when its weight in a window is computed."""


@dataclass(frozen=True)
class CellWindows:
    """Weights of IMERG's cells in a window around each pixel of the learning grid.

    A window is a Gaussian of the distance, multiplied by the area of the cell, with the effective
    area of a square of side `window_km`: its standard deviation is window_km / √(4π). It is cut at
    window_km / √2, the distance of the square's corners. Unlike a square it is isotropic and fades
    out, so a map of scores has no corners where windows first reach rain.

    Attributes:
        weights: Sparse matrix (window, cell), both flattened; the weights of a window that lies
            inside the cells add to 1.
        shape: Rows and columns of the learning grid.
    """

    weights: scipy.sparse.csr_array
    shape: tuple[int, int]

    @classmethod
    def between(cls, cells: Grid, learning: Grid, *, window_km: float) -> "CellWindows":
        """Windows of one size over some cells.

        Args:
            cells: IMERG's cells (longitude, latitude).
            learning: Learning grid, in metres of a projection; distances are taken in its plane.
            window_km: Side of the square of the same effective area [km].
        """
        deviation, reach = window_km * 1e3 / np.sqrt(4 * np.pi), window_km * 1e3 / np.sqrt(2)
        points, areas = _points(cells, learning.crs)
        start, step = (
            np.array(pair) for pair in ((learning.x[0], learning.y[0]), (learning.dx, learning.dy))
        )
        # Pixel at the middle of each cell; a window that contains a part of it is at most so far.
        middle = np.round((points.mean(axis=1) - start) / step)
        spread = np.abs(points - points.mean(axis=1, keepdims=True)).max(
            initial=0, where=np.isfinite(points)
        )
        far = np.floor((reach + spread) / np.abs(step) + 0.5).astype(int)
        size = np.array([learning.nx, learning.ny])
        near = np.flatnonzero(((middle >= -far) & (middle < size + far)).all(axis=1))
        # Integral of the cut Gaussian over the plane.
        volume = 2 * np.pi * deviation**2 * (1 - np.exp(-(reach**2) / (2 * deviation**2)))
        weights = _weights_by_cell(
            points[near], areas[near] / volume, middle[near].astype(np.int32), far, start,
            step, size, deviation, reach,
        )  # fmt: skip
        by_pixel = scipy.sparse.csc_array(weights, shape=(learning.size, len(near))).tocsr()
        triplets = (by_pixel.data, near.astype(np.int32)[by_pixel.indices], by_pixel.indptr)
        shape = (learning.size, cells.size)
        return cls(scipy.sparse.csr_array(triplets, shape=shape), learning.shape)

    def within(self, mask: np.ndarray) -> "CellWindows":
        """Windows over some of the cells only; the others have the weight 0.

        Args:
            mask: Cells to keep, dims (lat, lon).
        """
        weights = self.weights.copy()
        weights.data *= mask.ravel()[weights.indices]
        weights.eliminate_zeros()
        return CellWindows(weights, self.shape)

    @cached_property
    def inside(self) -> np.ndarray:
        """Share of each window that lies inside the cells, dims (y, x)."""
        return self.weights.sum(axis=1).reshape(self.shape)

    def means(self, field: np.ndarray) -> np.ndarray:
        """Weighted mean of a field over each window; cells outside and zeros count as 0.

        Args:
            field: Dims (time, lat, lon), any unit, real or boolean, without missing values.

        Returns:
            Dims (time, y, x), float64.
        """
        columns = field.reshape(len(field), -1).T.astype(np.float64, order="C")
        return (self.weights @ columns).T.reshape(len(field), *self.shape)


@njit(cache=True, parallel=True)
def _weights_by_cell(
    points, areas, middle, far, start, step, size, deviation, reach
):  # pragma: no cover  # compiled
    """Weights of cells in the windows around the pixels near them.

    Args:
        points: Points of each cell, dims (cell, point, 2), x and y [m].
        areas: Share of the area of each point in that of the window, dims (cell, point).
        middle: Column and row of the pixel at the middle of each cell, dims (cell, 2).
        far: Largest distance of a pixel from `middle` in columns and rows, dims (2,).
        start: Centre of the first pixel, x and y [m].
        step: Signed distance of neighbouring pixels, x and y [m].
        size: Number of columns and rows of pixels.
        deviation: Standard deviation of the Gaussian [m].
        reach: Distance at which the Gaussian is cut [m].

    Returns:
        Weights, flat indices of their pixels, and index of the first weight of each cell, with the
        number of weights at the end.
    """
    lowest = np.maximum(middle - far, 0)
    highest = np.minimum(middle + far, size - 1)
    firsts = np.zeros(len(points) + 1, np.int32)
    for cell in prange(len(points)):
        for row in range(lowest[cell, 1], highest[cell, 1] + 1):
            for column in range(lowest[cell, 0], highest[cell, 0] + 1):
                x, y = start[0] + column * step[0], start[1] + row * step[1]
                if _is_reached(points[cell], x, y, reach):
                    firsts[cell + 1] += 1
    firsts = np.cumsum(firsts).astype(np.int32)
    weights, pixels = np.empty(firsts[-1]), np.empty(firsts[-1], np.int32)
    for cell in prange(len(points)):
        position = firsts[cell]
        for row in range(lowest[cell, 1], highest[cell, 1] + 1):
            for column in range(lowest[cell, 0], highest[cell, 0] + 1):
                x, y = start[0] + column * step[0], start[1] + row * step[1]
                if _is_reached(points[cell], x, y, reach):
                    weight = _weight(points[cell], areas[cell], x, y, deviation, reach)
                    weights[position], pixels[position] = weight, row * size[0] + column
                    position += 1
    return weights, pixels, firsts


@njit(cache=True)
def _is_reached(points, x, y, reach):  # pragma: no cover  # compiled
    """Whether the window around (x, y) reaches any of some points."""
    for point in range(len(points)):
        if (points[point, 0] - x) ** 2 + (points[point, 1] - y) ** 2 <= reach**2:
            return True
    return False


@njit(cache=True)
def _weight(points, areas, x, y, deviation, reach):  # pragma: no cover  # compiled
    """Weight of a cell in the window around (x, y)."""
    weight = 0.0
    for point in range(len(points)):
        squared = (points[point, 0] - x) ** 2 + (points[point, 1] - y) ** 2
        if squared <= reach**2:
            weight += areas[point] * np.exp(-squared / (2 * deviation**2))
    return weight


def _points(cells: Grid, crs: str) -> tuple[np.ndarray, np.ndarray]:
    """Points of the cells in a projection, and the areas that they stand for.

    Returns:
        Positions [m], dims (cell, point, 2), and areas [m²], dims (cell, point), in the plane of
        the projection, so that the weights of a window add to 1.
    """
    offsets = (np.arange(PARTS) + 0.5) / PARTS - 0.5
    lon = cells.x[:, None] + offsets * cells.dx  # (lon, part)
    lat = cells.y[:, None] + offsets * cells.dy  # (lat, part)
    shape = (cells.ny, cells.nx, PARTS, PARTS)
    project = pyproj.Proj(crs)
    # The scale hardly changes within a cell.
    middle = [axis.ravel() for axis in np.meshgrid(cells.x, cells.y)]
    scale = np.asarray(project.get_factors(*middle).areal_scale)
    true_area = (KM_PER_DEGREE * 1e3 / PARTS) ** 2 * abs(cells.dx * cells.dy)
    by_latitude = true_area * np.cos(np.deg2rad(lat))[:, None, :, None]
    areas = np.broadcast_to(by_latitude, shape).reshape(cells.size, PARTS**2) * scale[:, None]
    longitudes = np.broadcast_to(lon[None, :, None, :], shape).ravel()
    latitudes = np.broadcast_to(lat[:, None, :, None], shape).ravel()
    points = np.stack(project(longitudes, latitudes), axis=1)
    return points.reshape(cells.size, PARTS**2, 2), areas
