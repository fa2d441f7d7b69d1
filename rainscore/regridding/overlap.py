"""Overlap areas of quadrilaterals and the unit squares of a lattice (compiled)."""

import numpy as np
from numba import njit, prange

MAX_VERTICES = 8
"""Maximum number of vertices of a convex quadrilateral clipped to a square."""


@njit(cache=True)
def _area(polygon, n):
    """Area of the polygon of the first `n` vertices (shoelace formula)."""
    twice = 0.0
    for i in range(n):
        k = i + 1 if i + 1 < n else 0
        twice += polygon[i, 0] * polygon[k, 1] - polygon[k, 0] * polygon[i, 1]
    return abs(twice) / 2.0


@njit(cache=True)
def _cut(polygon, n, axis, bound, side, out):
    """Clip a polygon to side · (coordinate − bound) ≥ 0; return the number of vertices.

    One step of the algorithm of Sutherland and Hodgman (1974), doi:10.1145/360767.360802.
    """
    m = 0
    for i in range(n):
        k = i + 1 if i + 1 < n else 0
        start = side * (polygon[i, axis] - bound)
        end = side * (polygon[k, axis] - bound)
        if start >= 0.0:
            out[m] = polygon[i]
            m += 1
        if (start > 0.0 and end < 0.0) or (start < 0.0 and end > 0.0):
            share = start / (start - end)
            for a in range(2):
                out[m, a] = polygon[i, a] + share * (polygon[k, a] - polygon[i, a])
            out[m, axis] = bound
            m += 1
    return m


@njit(cache=True)
def _square_range(low, high, n):
    """First and one-past-last of `n` squares that the interval [low, high] overlaps."""
    first = min(max(np.floor(low), 0.0), float(n))
    last = max(min(np.ceil(high), float(n)), first)
    return int(first), int(last)


@njit(cache=True)
def _squares(quad, nx, ny):
    """Range of columns and of rows of the squares in a quadrilateral's bounding box."""
    column, row = quad[:, 0], quad[:, 1]
    if not np.all(np.isfinite(quad)):
        return 0, 0, 0, 0
    j0, j1 = _square_range(column.min(), column.max(), nx)
    i0, i1 = _square_range(row.min(), row.max(), ny)
    return j0, j1, i0, i1


@njit(cache=True, parallel=True)
def count_squares(quads, nx, ny):
    """Number of squares in the bounding box of each quadrilateral (see `overlap_shares`)."""
    counts = np.empty(len(quads), np.int64)
    for q in prange(len(quads)):
        j0, j1, i0, i1 = _squares(quads[q], nx, ny)
        counts[q] = (j1 - j0) * (i1 - i0)
    return counts


@njit(cache=True)
def _shares_of_one(quad, nx, ny, indices, shares):
    """Fill `indices` and `shares` for the squares of one quadrilateral."""
    strip = np.empty((MAX_VERTICES, 2))
    piece = np.empty((MAX_VERTICES, 2))
    spare = np.empty((MAX_VERTICES, 2))
    j0, j1, i0, i1 = _squares(quad, nx, ny)
    full_area = _area(quad, 4)
    k = 0
    for j in range(j0, j1):
        n = _cut(quad, 4, 0, float(j), 1.0, spare)
        n = _cut(spare, n, 0, float(j + 1), -1.0, strip)
        for i in range(i0, i1):
            m = _cut(strip, n, 1, float(i), 1.0, spare)
            m = _cut(spare, m, 1, float(i + 1), -1.0, piece)
            indices[k] = i * nx + j
            shares[k] = _area(piece, m) / full_area if full_area > 0.0 else 0.0
            k += 1


@njit(cache=True, parallel=True)
def overlap_shares(quads, nx, ny, starts):
    """Share of each quadrilateral's area in each square of its bounding box.

    Args:
        quads: Corners of convex quadrilaterals in cyclic order, dims (quad, 4, 2), as (column, row)
            in units of squares; a quadrilateral with a corner that is not finite has no share.
        nx, ny: Number of columns and rows of squares.
        starts: Cumulative sum of `count_squares`, starting with 0, dims (quad + 1,).

    Returns:
        Flat index of the square, and share (0 without overlap), each with dims (starts[-1],).
    """
    indices = np.empty(starts[-1], np.int64)
    shares = np.empty(starts[-1], np.float64)
    for q in prange(len(quads)):
        first, last = starts[q], starts[q + 1]
        if last > first:
            _shares_of_one(quads[q], nx, ny, indices[first:last], shares[first:last])
    return indices, shares
