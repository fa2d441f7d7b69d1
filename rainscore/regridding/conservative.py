"""Conservative regridding: weights for a pair of grids, which can be applied to many maps."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyproj
from scipy.sparse import csr_matrix

from rainscore.grids import Grid
from rainscore.regridding.overlap import count_squares, overlap_shares
from rainscore.regridding.sparse import (
    empty_maps,
    gather,
    gather_valid,
    interleave,
    spread,
    spread_entries,
    spread_valid,
)

SNAP = 1e-6
"""Distance from a pixel's edge below which a coordinate is on the edge [pixels]."""


MIN_MAPS_TO_SPREAD = 4
"""Number of maps from which `sparse.spread` is faster than `sparse.gather`."""


@dataclass(frozen=True)
class Weights:
    """Share of each target pixel's area that lies in each source pixel.

    Attributes:
        source, target: Source and target grid.
        matrix: Sparse matrix of shares, float32, dims (target.size, source.size). A row sums to 1,
            or to less if the target pixel is partly outside the source grid.
    """

    source: Grid
    target: Grid
    matrix: csr_matrix

    def apply(self, values: np.ndarray, *, min_valid: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
        """Mean of the valid source values over each target pixel.

        Args:
            values: Fields on the source grid, dims (..., y, x), any unit, NaN where missing.
            min_valid: Share of a target pixel's area that must have valid values, 0 to 1.

        Returns:
            Means, float32, dims (..., y, x) on the target grid, NaN where the valid share is too
            small; valid share of each pixel's area, float32, same dims (a read-only view of one map
            if no value is missing).

        Raises:
            ValueError: The shape of `values` is not that of the source grid.
        """
        values = np.asarray(values, np.float32)
        if values.shape[-2:] != self.source.shape:
            raise ValueError(
                f"regridding: a field of {values.shape[-2:]} is not on the source grid "
                f"of {self.source.shape}"
            )
        maps = np.ascontiguousarray(values.reshape(-1, self.source.size))
        min_area = np.float32(max(min_valid - SNAP, SNAP))
        refines = self.source.size <= self.target.size
        product = self._spread if refines and len(maps) >= MIN_MAPS_TO_SPREAD else self._gather
        means, valid = product(maps, min_area)
        shape = *values.shape[:-2], *self.target.shape
        if valid.ndim == 1:
            valid = np.broadcast_to(valid.reshape(self.target.shape), shape)
        return means.reshape(shape), valid.reshape(shape)

    def _spread(self, maps: np.ndarray, min_area: np.float32) -> tuple[np.ndarray, np.ndarray]:
        """Means, dims (map, target pixel), and valid shares, same dims or (target pixel,)."""
        means, missing = empty_maps(len(maps), self.target.size), np.isnan(maps)
        if not missing.any():
            spread(self._spread_entries, self._inside, min_area, interleave(maps), means)
            return means, self._inside
        valid = empty_maps(*means.shape)
        values, validity = interleave(np.where(missing, 0, maps)), interleave(~missing)
        spread_valid(self._spread_entries, min_area, values, validity, means, valid)
        return means, valid

    def _gather(self, maps: np.ndarray, min_area: np.float32) -> tuple[np.ndarray, np.ndarray]:
        """Same as `_spread`. Missing values are detected in the means, so maps are read once."""
        means = np.empty((len(maps), self.target.size), np.float32)
        gather(*self._rows, self._inside, min_area, maps, means)
        if not (np.isnan(means) & (self._inside >= min_area)).any():
            return means, self._inside
        valid = np.tile(self._inside, (len(maps), 1))
        gather_valid(*self._rows, min_area, maps, means, valid)
        return means, valid

    @cached_property
    def _inside(self) -> np.ndarray:
        """Share of each target pixel's area inside the source grid, dims (target.size,)."""
        return self.matrix @ np.ones(self.source.size, np.float32)

    def sample(self, values: np.ndarray) -> np.ndarray:
        """Value of the source pixel that contains each target pixel's centre, for codes.

        Args:
            values: Fields on the source grid, dims (map, y, x).

        Returns:
            Dims (map, y, x) on the target grid, NaN outside the source grid.
        """
        flat = values.reshape(len(values), -1)[:, np.maximum(self._nearest, 0)]
        return np.where(self._nearest >= 0, flat, np.nan).reshape(-1, *self.target.shape)

    @cached_property
    def _nearest(self) -> np.ndarray:
        """Result of `nearest`, dims (target.size,)."""
        return nearest(self.source, self.target).ravel()

    @cached_property
    def _rows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Compressed rows; unsigned, so that the kernels need no check for negative indices."""
        matrix = self.matrix
        return matrix.indptr.astype(np.uint32), matrix.indices.astype(np.uint32), matrix.data

    @cached_property
    def _spread_entries(self) -> tuple[np.ndarray, ...]:
        """Entries of the matrix in the order of `sparse.spread`."""
        return spread_entries(self.matrix)


def overlap_weights(source: Grid, target: Grid) -> Weights:
    """First-order conservative weights.

    A target pixel is the quadrilateral between its four corners in the source's columns and rows.
    Its weight for a source pixel is the share of its area inside that pixel (Jones 1999,
    doi:10.1175/1520-0493(1999)127<2204:FASOCR>2.0.CO;2).

    Args:
        source, target: Grids in any two coordinate reference systems. The columns of a source in
            degrees may begin at any longitude; they meet where they go once around the Earth.
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
    if not pyproj.CRS(source.crs).is_geographic:
        return Weights(source, target, _matrix(quads, source))
    turn = 360.0 / source.dx
    quads[..., 0] -= turn * np.round((quads[..., 0] - quads[:, :1, 0]) / turn)
    matrix = _matrix(quads, source)
    once_around = source.nx <= abs(turn) + SNAP
    for shift in (-turn, turn) if once_around else ():
        around = quads.copy()
        around[..., 0] = _snap(around[..., 0] + shift)
        other_side = _matrix(around, source)
        if other_side.nnz:
            matrix = matrix + other_side
    return Weights(source, target, matrix)


def _matrix(quads: np.ndarray, source: Grid) -> csr_matrix:
    """Share of each quadrilateral's area in each source pixel.

    Args:
        quads: Corners in columns and rows of the source, dims (target pixel, 4, 2).
        source: Source grid.
    """
    starts = np.concatenate([[0], np.cumsum(count_squares(quads, source.nx, source.ny))])
    indices, shares = overlap_shares(quads, source.nx, source.ny, starts)
    shares = np.where(shares > SNAP**2, shares, 0).astype(np.float32)
    matrix = csr_matrix((shares, indices, starts), shape=(len(quads), source.size))
    matrix.eliminate_zeros()
    return matrix


def nearest(source: Grid, target: Grid) -> np.ndarray:
    """Flat index of the source pixel that contains each target pixel's centre, for codes.

    Returns:
        Indices into a flattened source map, dims (y, x) of the target; −1 outside the source.
    """
    column, row = _source_position(source, target, target.x, target.y)
    inside = (column >= 0) & (column < source.nx) & (row >= 0) & (row < source.ny)
    flat = np.full(target.shape, -1, np.int64)
    flat[inside] = np.floor(row[inside]).astype(int) * source.nx + np.floor(column[inside])
    return flat


def _source_position(
    source: Grid, target: Grid, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fractional column and row in the source grid of points of the target grid.

    Args:
        source, target: Source and target grid.
        x, y: Coordinates in the target's system; the points are all their combinations.

    Returns:
        Column and row, each (y, x), in pixels from the source's outer corner; infinite where the
        source's system is not defined.
    """
    transformer = pyproj.Transformer.from_crs(target.crs, source.crs, always_xy=True)
    px, py = transformer.transform(*np.meshgrid(x, y))
    if transformer.target_crs is not None and transformer.target_crs.is_geographic:
        middle = source.x0 + source.nx * source.dx / 2
        px = middle + (px - middle + 180) % 360 - 180
    return _snap((px - source.x0) / source.dx), _snap((py - source.y0) / source.dy)


def _snap(position: np.ndarray) -> np.ndarray:
    """Positions, with those closer than `SNAP` to a whole number rounded to it."""
    whole = np.round(position)
    return np.where(np.abs(position - whole) < SNAP, whole, position)
