"""Motion of the rain, and propagation of microwave rain along it, forward or backward in time."""

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft2, next_fast_len, rfft2

_MAX_DISPLACEMENT = 12  # cells per hour


def estimate_motion(before: np.ndarray, after: np.ndarray) -> tuple[float, float, float]:
    """Estimate the displacement of the rain between two maps from their cross-correlation.

    Args:
        before, after: Rain rates [mm/h], dims (y, x), NaN where missing (treated as dry).

    Returns:
        Displacement along y and x [cells], and its weight: the smaller mean of the transformed
        maps, or 0 where no displacement can be estimated.
    """
    fields = [np.log1p(10 * np.nan_to_num(rain)) for rain in (before, after)]
    amount = min(float(f.mean()) for f in fields)
    if amount < 1e-3:
        return 0.0, 0.0, 0.0
    shape = tuple(next_fast_len(n + _MAX_DISPLACEMENT, real=True) for n in before.shape)
    first, second = (rfft2(f - f.mean(), s=shape) for f in fields)
    surface = irfft2(second * np.conj(first), s=shape)
    near = np.roll(surface, (_MAX_DISPLACEMENT, _MAX_DISPLACEMENT), (0, 1))[
        : 2 * _MAX_DISPLACEMENT + 1, : 2 * _MAX_DISPLACEMENT + 1
    ]
    y, x = (int(i) for i in np.unravel_index(near.argmax(), near.shape))
    if not (0 < y < 2 * _MAX_DISPLACEMENT and 0 < x < 2 * _MAX_DISPLACEMENT):
        return 0.0, 0.0, 0.0
    dy = y - _MAX_DISPLACEMENT + _vertex(near[y - 1 : y + 2, x])
    dx = x - _MAX_DISPLACEMENT + _vertex(near[y, x - 1 : x + 2])
    return dy, dx, amount


def _vertex(values: np.ndarray) -> float:
    """Position of the vertex of the parabola through three values, relative to the middle one."""
    left, middle, right = (float(v) for v in values)
    return (left - right) / (2 * min(left - 2 * middle + right, -1e-12))


def mean_motion(
    motions: list[tuple[float, float, float]], default: tuple[float, float]
) -> tuple[float, float]:
    """Weighted mean of displacements (along y, along x, weight).

    The default has a small weight, so it is the mean where all weights are 0.
    """
    table = np.array([(*default, 1e-3), *motions])
    dy, dx = np.average(table[:, :2], axis=0, weights=table[:, 2])
    return float(dy), float(dx)


@dataclass(frozen=True)
class Departure:
    """Departure points of the cells in a semi-Lagrangian step, for bilinear interpolation.

    Attributes:
        cells: Flat indices of the four cells around the departure point, dims (4, cell).
        weights: Bilinear weights, 0 outside the grid, dims (4, cell).
    """

    cells: np.ndarray
    weights: np.ndarray

    @classmethod
    def by(cls, dy: np.ndarray, dx: np.ndarray) -> "Departure":
        """Compute the departure points of a displacement per step [cells], each dims (y, x)."""
        ny, nx = dy.shape
        y = np.arange(ny, dtype=np.float32)[:, None] - dy
        x = np.arange(nx, dtype=np.float32) - dx
        y0, x0 = np.floor(y), np.floor(x)
        fy, fx = y - y0, x - x0
        cells, weights = [], []
        for row, wy in ((y0, 1 - fy), (y0 + 1, fy)):
            for column, wx in ((x0, 1 - fx), (x0 + 1, fx)):
                inside = (row >= 0) & (row < ny) & (column >= 0) & (column < nx)
                cells.append(np.where(inside, row * nx + column, 0).astype(np.intp).ravel())
                weights.append((wy * wx * inside).ravel())
        return cls(np.array(cells), np.array(weights, np.float32))


@dataclass(frozen=True)
class PropagatedRain:
    """Microwave rain propagated along the motion since its last observation.

    Attributes:
        rate: Rain rate [mm/h], dims (y, x), 0 where there is no observation.
        correlation: Expected correlation with the truth, dims (y, x), 0 where there is no
            observation.
    """

    rate: np.ndarray
    correlation: np.ndarray

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> "PropagatedRain":
        """Return a state without observations."""
        return cls(np.zeros(shape, np.float32), np.zeros(shape, np.float32))

    def moved(self, departure: Departure, *, decay: float) -> "PropagatedRain":
        """Return the state one step later; the correlation is multiplied by `decay`."""
        shape = self.rate.shape
        valid = self.correlation.ravel()[departure.cells] > 0
        weights = departure.weights * valid
        total = weights.sum(axis=0)
        rate = (weights * self.rate.ravel()[departure.cells]).sum(axis=0)
        correlation = (weights * self.correlation.ravel()[departure.cells]).sum(axis=0)
        scale = np.where(total > 0.5, 1 / np.maximum(total, 0.5), 0).astype(np.float32)
        correlation = decay * correlation * scale
        return PropagatedRain((rate * scale).reshape(shape), correlation.reshape(shape))

    def observed(self, rate: np.ndarray, correlation: np.ndarray) -> "PropagatedRain":
        """Return the state updated where the microwave rate [mm/h] is not NaN."""
        new = ~np.isnan(rate)
        return PropagatedRain(
            np.where(new, rate, self.rate), np.where(new, correlation, self.correlation)
        )
