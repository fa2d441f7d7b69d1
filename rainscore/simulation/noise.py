"""Random fields that are smooth in space and time, and Gaussian smoothing, on small grids."""

from dataclasses import dataclass

import numpy as np

from rainscore.grids import Grid

KM_PER_DEGREE = 111.2


def cell_km(cells: Grid) -> tuple[float, float]:
    """Height and width of the cells in the middle of a grid in degrees [km]."""
    lat = np.deg2rad(cells.y0 + cells.dy * cells.ny / 2)
    return abs(cells.dy) * KM_PER_DEGREE, abs(cells.dx) * KM_PER_DEGREE * float(np.cos(lat))


@dataclass(frozen=True)
class SmoothNoise:
    """Gaussian noise of zero mean and unit variance, correlated over a length.

    Attributes:
        rows, columns: Weights of the nodes at each row and column, dims (ny, nodes), (nx, nodes);
            their squares sum to one.
        hours: Time over which the noise changes [h].
        key: Integers (seed and stream) that set the noise.
    """

    rows: np.ndarray
    columns: np.ndarray
    hours: float
    key: tuple[int, ...]

    @classmethod
    def on(cls, cells: Grid, *, km: float, hours: float, key: tuple[int, ...]) -> "SmoothNoise":
        """Noise on a grid of cells, with a correlation of 0.5 at about `km`."""
        dy, dx = cell_km(cells)
        return cls(_node_weights(cells.ny, dy, km), _node_weights(cells.nx, dx, km), hours, key)

    def draw(self, *key: int) -> np.ndarray:
        """The field of a key, dims (ny, nx), float32."""
        rng = np.random.default_rng([*self.key, *key])
        nodes = rng.standard_normal((self.rows.shape[1], self.columns.shape[1]), np.float32)
        return self.rows @ nodes @ self.columns.T

    def at(self, hours: float) -> np.ndarray:
        """The field at an instant [hours since 1970], which turns from one draw to the next."""
        knot = int(hours // self.hours)
        turn = (hours / self.hours - knot) * np.pi / 2
        early, late = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        return early * self.draw(knot) + late * self.draw(knot + 1)


def _node_weights(n: int, step_km: float, km: float) -> np.ndarray:
    centres = (np.arange(n) + 0.5) * step_km
    nodes = np.arange(-2 * km, n * step_km + 2 * km, km)
    weights = np.exp(-(((centres[:, None] - nodes) / km) ** 2) * np.log(2) * 2)
    return (weights / np.linalg.norm(weights, axis=1, keepdims=True)).astype(np.float32)


@dataclass(frozen=True)
class Smoother:
    """Gaussian smoothing as two products of matrices, over what is known.

    Attributes:
        rows, columns: Weights, dims (ny, ny), (nx, nx); each row sums to one.
    """

    rows: np.ndarray
    columns: np.ndarray

    @classmethod
    def on(cls, cells: Grid, *, fwhm_km: float) -> "Smoother":
        """Smoothing by a footprint of a full width at half maximum [km]."""
        dy, dx = cell_km(cells)
        return cls(_smoothing(cells.ny, dy, fwhm_km), _smoothing(cells.nx, dx, fwhm_km))

    def __call__(self, field: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Weighted mean of the known cells around each cell.

        Args:
            field: dims (ny, nx), 0 where unknown.
            known: Where the field is known, bool, dims (ny, nx).

        Returns:
            dims (ny, nx); 0 far from what is known.
        """
        share = self.rows @ known.astype(np.float32) @ self.columns.T
        return self.rows @ field @ self.columns.T / np.maximum(share, 1e-3)


def _smoothing(n: int, step_km: float, fwhm_km: float) -> np.ndarray:
    distance = (np.arange(n)[:, None] - np.arange(n)) * step_km
    weights = np.exp(-4 * np.log(2) * (distance / fwhm_km) ** 2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
