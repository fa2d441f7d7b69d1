"""Motion of the rain, and its use to carry microwave rain forward and backward in time."""

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft2, next_fast_len, rfft2

_REACH = 12  # cells an hour: no rain moves faster


def estimate_motion(before: np.ndarray, after: np.ndarray) -> tuple[float, float, float]:
    """Displacement of the rain between two maps: the peak of their cross-correlation.

    Args:
        before, after: Rates [mm/h], dims (y, x), NaN missing (taken as dry).

    Returns:
        Displacement along y and x [cells], and its weight, 0 where there is nothing to follow.
    """
    fields = [np.log1p(10 * np.nan_to_num(rain)) for rain in (before, after)]
    amount = min(float(f.mean()) for f in fields)
    if amount < 1e-3:
        return 0.0, 0.0, 0.0
    shape = tuple(next_fast_len(n + _REACH, real=True) for n in before.shape)
    first, second = (rfft2(f - f.mean(), s=shape) for f in fields)
    surface = irfft2(second * np.conj(first), s=shape)
    near = np.roll(surface, (_REACH, _REACH), (0, 1))[: 2 * _REACH + 1, : 2 * _REACH + 1]
    y, x = (int(i) for i in np.unravel_index(near.argmax(), near.shape))
    if not (0 < y < 2 * _REACH and 0 < x < 2 * _REACH):
        return 0.0, 0.0, 0.0
    dy = y - _REACH + _vertex(near[y - 1 : y + 2, x])
    dx = x - _REACH + _vertex(near[y, x - 1 : x + 2])
    return dy, dx, amount


def _vertex(values: np.ndarray) -> float:
    """Place of the top of the parabola through three values, from the middle one."""
    left, middle, right = (float(v) for v in values)
    return (left - right) / (2 * min(left - 2 * middle + right, -1e-12))


def mean_motion(
    motions: list[tuple[float, float, float]], default: tuple[float, float]
) -> tuple[float, float]:
    """Weighted mean of displacements, drawn a little to a default where they weigh nothing."""
    table = np.array([(*default, 1e-3), *motions])
    dy, dx = np.average(table[:, :2], axis=0, weights=table[:, 2])
    return float(dy), float(dx)


@dataclass(frozen=True)
class Departure:
    """Where the air of each cell was one step ago.

    Attributes:
        cells: Flat index of the four cells around the departure point, dims (4, cell).
        weights: Bilinear weights, 0 outside of the grid, dims (4, cell).
    """

    cells: np.ndarray
    weights: np.ndarray

    @classmethod
    def by(cls, dy: np.ndarray, dx: np.ndarray) -> "Departure":
        """Departure points of a displacement in one step [cells], each dims (y, x)."""
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
class Carried:
    """Rain carried along with the flow since it was last observed.

    Attributes:
        rate: Rates [mm/h], dims (y, x), 0 where nothing is known.
        correlation: Expected correlation with the truth, dims (y, x), 0 where nothing is known.
    """

    rate: np.ndarray
    correlation: np.ndarray

    @classmethod
    def nothing(cls, shape: tuple[int, int]) -> "Carried":
        """Nothing observed yet."""
        return cls(np.zeros(shape, np.float32), np.zeros(shape, np.float32))

    def moved(self, departure: Departure, *, keep: float) -> "Carried":
        """One step on; the correlation falls by the factor `keep`."""
        shape = self.rate.shape
        known = self.correlation.ravel()[departure.cells] > 0
        weights = departure.weights * known
        total = weights.sum(axis=0)
        rate = (weights * self.rate.ravel()[departure.cells]).sum(axis=0)
        correlation = (weights * self.correlation.ravel()[departure.cells]).sum(axis=0)
        scale = np.where(total > 0.5, 1 / np.maximum(total, 0.5), 0).astype(np.float32)
        return Carried((rate * scale).reshape(shape), (keep * correlation * scale).reshape(shape))

    def observed(self, rate: np.ndarray, correlation: np.ndarray) -> "Carried":
        """Replaced where a microwave rate is not missing."""
        new = ~np.isnan(rate)
        return Carried(np.where(new, rate, self.rate), np.where(new, correlation, self.correlation))
