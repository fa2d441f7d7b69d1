"""Conservative regridding: weights computed once for a pair of grids, applied to many maps."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyproj
from numba import njit, prange
from scipy.sparse import csr_matrix

from rainscore.grids import Grid
from rainscore.overlap import count_squares, overlap_shares

SNAP = 1e-6
"""Coordinates nearer than this to a pixel's edge, in pixels, are on it."""

TILE = 2048
"""Target pixels whose weights stay in the cache while all maps pass over them."""


@dataclass(frozen=True)
class Weights:
    """Share of each target pixel's area that lies in each source pixel.

    Attributes:
        source, target: The grids.
        matrix: Sparse shares, float32, dims (target.size, source.size); a row sums to 1, or to
            less where the target pixel lies partly outside the source grid.
    """

    source: Grid
    target: Grid
    matrix: csr_matrix

    def apply(self, values: np.ndarray, *, min_valid: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
        """Mean of the valid source values over each target pixel.

        Args:
            values: Fields on the source grid, dims (..., y, x), any unit, missing as NaN.
            min_valid: Share (0 to 1) of a target pixel's area that must hold valid values.

        Returns:
            The means, float32, dims (..., y, x) on the target grid, NaN where too little is
            valid; and the valid share of each pixel's area, float32, same dims (a read-only view
            of one map where no value is missing).

        Raises:
            ValueError: `values` are not on the source grid.
        """
        values = np.asarray(values, np.float32)
        if values.shape[-2:] != self.source.shape:
            raise ValueError(
                f"regridding: a field of {values.shape[-2:]} is not on the source grid "
                f"of {self.source.shape}"
            )
        maps = np.ascontiguousarray(values.reshape(-1, self.source.size))
        means = np.empty((len(maps), self.target.size), np.float32)
        shape = *values.shape[:-2], *self.target.shape
        least = np.float32(max(min_valid - SNAP, SNAP))
        pixel, source, share, first = self._entries
        if not np.isnan(maps).any():
            inside = self._inside
            scale = np.divide(1, inside, where=inside >= least, out=np.full_like(inside, np.nan))
            _fill_products(pixel, source, share, first, maps, scale, means)
            return means.reshape(shape), np.broadcast_to(inside.reshape(self.target.shape), shape)
        valid = np.empty_like(means)
        _fill_means(pixel, source, share, first, maps, least, means, valid)
        return means.reshape(shape), valid.reshape(shape)

    @cached_property
    def _inside(self) -> np.ndarray:
        """Share of each target pixel's area inside the source grid, dims (target.size,)."""
        return np.asarray(self.matrix.sum(axis=1), np.float32).ravel()

    @cached_property
    def _entries(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Target pixel within its tile, source pixel and share of each entry; first of each tile.

        Within a tile, the first entries of all its pixels come before their second ones, so that
        a sum need not wait for the one before it.
        """
        starts = self.matrix.indptr
        pixel = np.repeat(np.arange(self.target.size), np.diff(starts))
        tile, rank = pixel // TILE, np.arange(len(pixel)) - starts[pixel]
        order = np.lexsort((rank, tile))
        first = np.searchsorted(tile, np.arange(-(-self.target.size // TILE) + 1))
        within = (pixel % TILE).astype(np.int32)
        return within[order], self.matrix.indices[order], self.matrix.data[order], first


@njit(cache=True, parallel=True)
def _fill_products(within, source, share, first, maps, scale, means):
    """Fill `means` (map, target pixel) from `Weights._entries` where no value is missing.

    Sums are multiplied by `scale`, dims (target pixel,).
    """
    for tile in prange(len(first) - 1):
        pixels = slice(tile * TILE, min((tile + 1) * TILE, len(scale)))
        entries = slice(first[tile], first[tile + 1])
        pixel, cell, weight = within[entries], source[entries], share[entries].copy()
        for e in range(len(pixel)):
            weight[e] *= scale[tile * TILE + pixel[e]]
        for m in range(len(maps)):
            values, mean = maps[m], means[m, pixels]
            mean[:] = np.float32(0) * scale[pixels]  # 0, or missing where too little is inside
            for e in range(len(pixel)):
                mean[pixel[e]] += weight[e] * values[cell[e]]


@njit(cache=True, parallel=True)
def _fill_means(within, source, share, first, maps, least, means, valid):
    """Fill `means` and `valid` (map, target pixel) from `Weights._entries`."""
    zero, missing = np.float32(0), np.float32(np.nan)
    for tile in prange(len(first) - 1):
        pixels = slice(tile * TILE, min((tile + 1) * TILE, means.shape[1]))
        entries = slice(first[tile], first[tile + 1])
        pixel, cell, weight = within[entries], source[entries], share[entries]
        for m in range(len(maps)):
            values, total, area = maps[m], means[m, pixels], valid[m, pixels]
            total[:] = area[:] = 0
            for e in range(len(pixel)):
                value = values[cell[e]]
                total[pixel[e]] += weight[e] * value if value == value else zero
                area[pixel[e]] += weight[e] if value == value else zero
            for p in range(len(total)):
                total[p] = total[p] / area[p] if area[p] >= least else missing


def overlap_weights(source: Grid, target: Grid) -> Weights:
    """Exact first-order conservative weights.

    A target pixel is the quadrilateral between its four corners, in the source's columns and
    rows; its weight for a source pixel is the share of its area that they have in common
    (Jones 1999, doi:10.1175/1520-0493(1999)127<2204:FASOCR>2.0.CO;2).

    Args:
        source, target: Grids in any two coordinate reference systems. In a geographic source a
            target pixel across the meridian opposite its centre counts as partly outside.
    """
    column, row = _source_position(
        source,
        target,
        target.x0 + np.arange(target.nx + 1) * target.dx,
        target.y0 + np.arange(target.ny + 1) * target.dy,
    )
    corners = np.stack([column, row], axis=-1)
    quads = np.stack([corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]], 2)
    quads = quads.reshape(-1, 4, 2)
    if pyproj.CRS(source.crs).is_geographic:
        turn = 360.0 / source.dx
        quads[..., 0] -= turn * np.round((quads[..., 0] - quads[:, :1, 0]) / turn)
    starts = np.concatenate([[0], np.cumsum(count_squares(quads, source.nx, source.ny))])
    indices, shares = overlap_shares(quads, source.nx, source.ny, starts)
    shares = np.where(shares > SNAP**2, shares, 0).astype(np.float32)
    matrix = csr_matrix((shares, indices, starts), shape=(target.size, source.size))
    matrix.eliminate_zeros()
    return Weights(source, target, matrix)


def nearest(source: Grid, target: Grid) -> np.ndarray:
    """Flat index of the source pixel that holds each target pixel's centre, for fields of codes.

    Returns:
        Indices into a raveled source map, dims (y, x) of the target; −1 outside the source.
    """
    column, row = _source_position(source, target, target.x, target.y)
    inside = (column >= 0) & (column < source.nx) & (row >= 0) & (row < source.ny)
    flat = np.full(target.shape, -1, np.int64)
    flat[inside] = np.floor(row[inside]).astype(int) * source.nx + np.floor(column[inside])
    return flat


def _source_position(
    source: Grid, target: Grid, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fractional column and row of the source at the crossings of the target's x and y.

    Returns:
        Two arrays (y, x) in source pixels from the source's outer corner; infinite where the
        source's system cannot express the place.
    """
    transformer = pyproj.Transformer.from_crs(target.crs, source.crs, always_xy=True)
    px, py = transformer.transform(*np.meshgrid(x, y))
    if transformer.target_crs is not None and transformer.target_crs.is_geographic:
        middle = source.x0 + source.nx * source.dx / 2
        px = middle + (px - middle + 180) % 360 - 180
    return _snap((px - source.x0) / source.dx), _snap((py - source.y0) / source.dy)


def _snap(position: np.ndarray) -> np.ndarray:
    whole = np.round(position)
    return np.where(np.abs(position - whole) < SNAP, whole, position)
