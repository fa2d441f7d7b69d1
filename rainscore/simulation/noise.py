"""Random fields that are smooth in space and time, and Gaussian smoothing, on IMERG's cells."""

from dataclasses import dataclass

import numpy as np

from rainscore.grids import Grid

KM_PER_DEGREE = 111.2


def cell_km(cells: Grid) -> tuple[float, float]:
    """Height and width [km] of the cells at the centre of a grid in degrees."""
    lat = np.deg2rad(cells.y0 + cells.dy * cells.ny / 2)
    return abs(cells.dy) * KM_PER_DEGREE, abs(cells.dx) * KM_PER_DEGREE * float(np.cos(lat))


@dataclass(frozen=True)
class SmoothNoise:
    """Gaussian noise of zero mean and unit variance, correlated in space and time.

    Attributes:
        rows, columns: Weights of the nodes at each row and column, dims (lat, node) and (lon,
            node). The squares of the weights of a row or column sum to one.
        hours: Time between two independent fields [h].
        key: Integers that seed the generator: the random seed and the stream.
    """

    rows: np.ndarray
    columns: np.ndarray
    hours: float
    key: tuple[int, ...]

    @classmethod
    def on(cls, cells: Grid, *, km: float, hours: float, key: tuple[int, ...]) -> "SmoothNoise":
        """Create noise on a grid of cells whose correlation is 0.5 at about `km`."""
        dy, dx = cell_km(cells)
        return cls(_node_weights(cells.ny, dy, km), _node_weights(cells.nx, dx, km), hours, key)

    @classmethod
    def on_plane(
        cls, grid: Grid, *, km: float, hours: float, key: tuple[int, ...]
    ) -> "SmoothNoise":
        """Create the same noise on a grid in metres."""
        dy, dx = abs(grid.dy) / 1000, abs(grid.dx) / 1000
        return cls(_node_weights(grid.ny, dy, km), _node_weights(grid.nx, dx, km), hours, key)

    def draw(self, *key: int) -> np.ndarray:
        """Draw the field of a key, dims (lat, lon), float32."""
        rng = np.random.default_rng([*self.key, *key])
        nodes = rng.standard_normal((self.rows.shape[1], self.columns.shape[1]), np.float32)
        return self.rows @ nodes @ self.columns.T

    def at(self, hours: float) -> np.ndarray:
        """Return the field at a time [hours since 1970], between the draws before and after it."""
        knot = int(hours // self.hours)
        angle = (hours / self.hours - knot) * np.pi / 2
        early, late = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        return early * self.draw(knot) + late * self.draw(knot + 1)


def _node_weights(n: int, step_km: float, km: float) -> np.ndarray:
    """Weights of equally spaced nodes at `n` cell centres, dims (cell, node)."""
    centres = (np.arange(n) + 0.5) * step_km
    nodes = np.arange(-2 * km, n * step_km + 2 * km, km)
    weights = np.exp(-(((centres[:, None] - nodes) / km) ** 2) * np.log(2) * 2)
    return (weights / np.linalg.norm(weights, axis=1, keepdims=True)).astype(np.float32)


@dataclass(frozen=True)
class Smoother:
    """Gaussian smoothing of the valid cells, as two matrix products.

    Attributes:
        rows, columns: Weights, dims (lat, lat) and (lon, lon). Each row sums to one.
    """

    rows: np.ndarray
    columns: np.ndarray

    @classmethod
    def on(cls, cells: Grid, *, fwhm_km: float) -> "Smoother":
        """Create a smoother whose footprint has the full width at half maximum `fwhm_km`."""
        dy, dx = cell_km(cells)
        return cls(_smoothing(cells.ny, dy, fwhm_km), _smoothing(cells.nx, dx, fwhm_km))

    def __call__(self, field: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Return the weighted mean of the valid cells around each cell.

        Args:
            field: Values, dims (lat, lon), 0 where invalid.
            valid: Mask of the valid cells, bool, dims (lat, lon).

        Returns:
            Smoothed values, dims (lat, lon), 0 far from valid cells.
        """
        share = self.rows @ valid.astype(np.float32) @ self.columns.T
        return self.rows @ field @ self.columns.T / np.maximum(share, 1e-3)


def _smoothing(n: int, step_km: float, fwhm_km: float) -> np.ndarray:
    """Gaussian weights between `n` cells along an axis, dims (cell, cell)."""
    distance = (np.arange(n)[:, None] - np.arange(n)) * step_km
    weights = np.exp(-4 * np.log(2) * (distance / fwhm_km) ** 2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
