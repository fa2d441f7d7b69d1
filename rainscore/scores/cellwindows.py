"""Smooth windows over IMERG's cells, centred on the pixels of the learning grid."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyproj
import scipy.sparse

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
        points, areas = (
            part.reshape(cells.size, PARTS**2, -1) for part in _points(cells, learning.crs)
        )
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
        points, areas, middle = points[near], areas[near, :, 0], middle[near].astype(int)
        rows, columns, values = [], [], []
        for offset in np.ndindex(*(2 * far + 1)):
            pixel = middle + offset - far
            inside = ((pixel >= 0) & (pixel < size)).all(axis=1)
            centre = start + pixel[inside] * step
            squared = ((points[inside] - centre[:, None]) ** 2).sum(axis=2)
            share = np.exp(-squared / (2 * deviation**2)) * areas[inside] * (squared <= reach**2)
            weight = share.sum(axis=1)
            used = weight > 0
            rows.append((pixel[inside] @ [1, learning.nx])[used])
            columns.append(near[inside][used])
            values.append(weight[used])
        # Integral of the cut Gaussian over the plane.
        volume = 2 * np.pi * deviation**2 * (1 - np.exp(-(reach**2) / (2 * deviation**2)))
        triplets = (
            np.concatenate(values) / volume,
            (np.concatenate(rows), np.concatenate(columns)),
        )
        shape = (learning.size, cells.size)
        return cls(scipy.sparse.coo_array(triplets, shape=shape).tocsr(), learning.shape)

    def within(self, mask: np.ndarray) -> "CellWindows":
        """Windows over some of the cells only; the others have the weight 0.

        Args:
            mask: Cells to keep, dims (lat, lon).
        """
        kept = scipy.sparse.diags_array(mask.ravel().astype(np.float64))
        weights = scipy.sparse.csr_array(self.weights @ kept)
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


def _points(cells: Grid, crs: str) -> tuple[np.ndarray, np.ndarray]:
    """Points of all cells in a projection, dims (point, 2) [m], and their areas [m²]."""
    offsets = (np.arange(PARTS) + 0.5) / PARTS - 0.5
    lon = cells.x[:, None] + offsets * cells.dx  # (lon, part)
    lat = cells.y[:, None] + offsets * cells.dy  # (lat, part)
    shape = (cells.ny, cells.nx, PARTS, PARTS)
    longitudes = np.broadcast_to(lon[None, :, None, :], shape).ravel()
    latitudes = np.broadcast_to(lat[:, None, :, None], shape).ravel()
    project = pyproj.Proj(crs)
    true_area = (KM_PER_DEGREE * 1e3 / PARTS) ** 2 * abs(cells.dx * cells.dy)
    areas = true_area * np.cos(np.deg2rad(latitudes))
    # In the plane where the distances are taken, so that the weights add to 1.
    areas *= project.get_factors(longitudes, latitudes).areal_scale
    return np.stack(project(longitudes, latitudes), axis=1), areas
