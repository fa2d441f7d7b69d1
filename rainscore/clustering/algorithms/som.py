"""Self-organising map with the batch rule (Kohonen 1990, doi:10.1109/5.58325)."""

from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin


def grid_distances(rows: int, columns: int) -> np.ndarray:
    """City-block distances between the units of a map, dims (units, units), numbered row by row.

    >>> grid_distances(2, 2)[1].tolist()
    [1, 0, 2, 1]
    """
    row, column = np.divmod(np.arange(rows * columns), columns)
    return abs(row[:, None] - row) + abs(column[:, None] - column)


def temperature(step: int, steps: int, first: float, last: float) -> float:
    """Radius of the neighbourhood at a step, from `first` exponentially down to `last`."""
    return first * (last / first) ** (step / max(steps - 1, 1))


def topographic_error(distances: np.ndarray, rows: int, columns: int) -> float:
    """Share of members whose two nearest units are not adjacent in a row or column of the map.

    Args:
        distances: Distances of members to units, dims (n, units).
        rows, columns: Size of the map.
    """
    first, second = np.argpartition(distances, 1, axis=1)[:, :2].T
    return float(np.mean(grid_distances(rows, columns)[first, second] > 1))


class SelfOrganisingMap(ClusterMixin, TransformerMixin, BaseEstimator):
    """Self-organising map of vectors.

    Each epoch sets every unit to the mean of all members with weights exp(−δ² / T²), where δ is the
    city-block distance on the map from the nearest unit of the member, and the radius T decreases
    exponentially from half the longer side of the map to 0.5.

    Args:
        rows, columns: Size of the map.
        epochs: Number of epochs.
        seed: Random seed for the initial units, which are members.

    Attributes:
        units_: Units, dims (rows · columns, d), numbered row by row.
        labels_: Nearest unit of each fitted member, dims (n,).
    """

    def __init__(self, rows: int = 8, columns: int = 8, *, epochs: int = 50, seed: int = 0) -> None:
        self.rows = rows
        self.columns = columns
        self.epochs = epochs
        self.seed = seed

    def fit(self, X: np.ndarray, y: None = None) -> Self:
        """Fit the units.

        Args:
            X: Members, dims (n, d), finite.
            y: Ignored.

        Raises:
            ValueError: There are fewer members than units.
        """
        units = self.rows * self.columns
        if len(X) < units:
            raise ValueError(f"{len(X)} members are fewer than the {units} units of the map")
        rng = np.random.default_rng([self.seed, 1])
        X = np.asarray(X, dtype=np.float64)
        self.units_ = X[rng.choice(len(X), units, replace=False)]
        unit_distances = grid_distances(self.rows, self.columns) ** 2
        for epoch in range(self.epochs):
            radius = temperature(epoch, self.epochs, max(self.rows, self.columns) / 2, 0.5)
            nearest = self.predict(X)
            sums = np.zeros_like(self.units_)
            np.add.at(sums, nearest, X)
            weights = np.exp(-unit_distances / radius**2)
            self.units_ = (
                weights @ sums / (weights @ np.bincount(nearest, minlength=units))[:, None]
            )
        self.labels_ = self.predict(X)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Distance of each member to each unit, dims (n, units)."""
        return euclidean(X, self.units_)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Nearest unit of each member, dims (n,)."""
        return self.transform(X).argmin(axis=1)

    def arrays(self) -> dict[str, np.ndarray]:
        """Arrays from which `from_arrays` rebuilds the map."""
        return {"units": self.units_, "shape": np.array([self.rows, self.columns])}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Self:
        """Build a fitted map from the result of `arrays`."""
        fitted = cls(*arrays["shape"].tolist())
        fitted.units_ = arrays["units"]
        return fitted


def euclidean(X: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Distances (n, k) of vectors (n, d) to points (k, d)."""
    square = (X**2).sum(axis=1)[:, None] - 2 * X @ points.T + (points**2).sum(axis=1)
    return np.sqrt(np.maximum(square, 0))
