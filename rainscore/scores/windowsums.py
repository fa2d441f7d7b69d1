"""Sums over square windows that are centred on the pixels of a coarser grid."""

import numpy as np
from numba import njit, prange


def window_bounds(n: int, *, window: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """First and one-past-last pixel of each window along one side of a map.

    A window is centred on a block of `stride` pixels and cut at the edge of the map.

    Args:
        n: Number of pixels along the side.
        window: Side of the windows [pixels].
        stride: Side of the blocks [pixels].

    Returns:
        First and one-past-last pixels, each with dims (n / stride,).

    Raises:
        ValueError: `stride` does not divide `n`, or the windows cannot be centred on whole pixels.
    """
    if window < 1 or stride < 1 or n % stride:
        raise ValueError(f"windows: a side of {n} pixels cannot be sampled every {stride} pixels")
    if (window - stride) % 2:
        raise ValueError(
            f"windows: a window of {window} pixels cannot be centred on blocks of {stride} pixels; "
            "both must be even, or both odd"
        )
    first = np.arange(0, n, stride) - (window - stride) // 2
    return np.clip(first, 0, n), np.clip(first + window, 0, n)


def enough_pixels(min_valid: float) -> float:
    """Lower a minimum share by 1e-6 of itself, so that rounding excludes no window at the limit."""
    return min_valid * (1 - 1e-6)


def window_pixels(shape: tuple[int, int], *, window: int, stride: int) -> np.ndarray:
    """Number of pixels of each window inside the map, dims (ny / stride, nx / stride)."""
    rows, columns = (
        np.subtract(*window_bounds(n, window=window, stride=stride)[::-1]) for n in shape
    )
    return np.outer(rows, columns)


def window_sums(field: np.ndarray, *, window: int, stride: int) -> np.ndarray:
    """Sum a field over the window around each block of pixels.

    Args:
        field: Values, any unit, dims (time, y, x), without NaN: put 0 at missing pixels, and sum
            the mask of valid pixels in a second call.
        window: Side of the square windows [pixels].
        stride: Side of the blocks [pixels].

    Returns:
        Sums, dims (time, ny / stride, nx / stride): int32 and exact for integers and booleans,
        float64 for other types.

    Raises:
        ValueError: A value is NaN, or the windows do not fit the map (`window_bounds`).
    """
    exact = field.dtype.kind in "biu"
    if not exact and np.isnan(field).any():
        raise ValueError(
            "windows: the field has missing values, which would spread to all windows; set them "
            "to 0 and sum the mask of valid pixels separately"
        )
    _, ny, nx = field.shape
    top, bottom = window_bounds(ny, window=window, stride=stride)
    left, right = window_bounds(nx, window=window, stride=stride)
    sums = np.empty((len(field), len(top), len(left)), np.int32 if exact else np.float64)
    _fill_sums(np.ascontiguousarray(field), top, bottom, left, right, sums)
    return sums


@njit(cache=True, parallel=True)
def _fill_sums(field, top, bottom, left, right, sums):
    """Fill `sums` from running totals along each row, then down each column of windows."""
    ny, nx = field.shape[1:]
    for t in prange(len(field)):
        along = np.zeros(nx + 1, sums.dtype)
        down = np.zeros((ny + 1, len(left)), sums.dtype)
        for y in range(ny):
            for x in range(nx):
                along[x + 1] = along[x] + field[t, y, x]
            for j in range(len(left)):
                down[y + 1, j] = down[y, j] + along[right[j]] - along[left[j]]
        for i in range(len(top)):
            for j in range(len(left)):
                sums[t, i, j] = down[bottom[i], j] - down[top[i], j]
