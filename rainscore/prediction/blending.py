"""Weighted mean of overlapping windows on the cells of the globe."""

from collections.abc import Mapping

import numpy as np

HIDDEN = "hidden_rain_probability"
"""Field that exists where the others, those of the score, are missing, and vice versa."""


def edge_weights(count: int, *, skipped: float, width: float) -> np.ndarray:
    """Weight of each pixel along one axis of a window, dims (count,).

    Args:
        count: Number of pixels.
        skipped: Distance from the edge up to which the weight is 0 [pixels].
        width: Width of the zone behind it in which the weight increases to 1, as a sine squared,
            so that the weights of two windows that share the zone add to 1 [pixels].
    """
    position = np.arange(count) + 0.5
    distance = np.minimum(position, count - position)
    return np.sin(np.pi / 2 * np.clip((distance - skipped) / width, 0, 1)) ** 2


class Blend:
    """Weighted means of fields of overlapping windows.

    A cell has a score where the windows in which IMERG is wet there have the largest weight, a
    probability of hidden rain where those in which it is dry have it, and neither where those
    without an estimate have it. Each field is the mean over the windows that have it.

    Args:
        shape: Rows and columns of the cells.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._shape = shape
        self._sums: dict[str, np.ndarray] = {}
        self._weights = {kind: np.zeros(shape, np.float32) for kind in ("wet", "dry", "missing")}

    def add(
        self,
        fields: Mapping[str, np.ndarray],
        weights: np.ndarray,
        rows: slice,
        columns: np.ndarray,
    ) -> None:
        """Add a window.

        Args:
            fields: `score`, HIDDEN and others by name, dims (y, x), NaN where missing.
            weights: Weight of each cell, dims (y, x).
            rows, columns: Position of the window.
        """
        wet = np.isfinite(fields["score"])
        dry = np.isfinite(fields[HIDDEN])
        kinds = {"wet": wet, "dry": dry, "missing": ~(wet | dry)}
        added = {kind: where * weights for kind, where in kinds.items()}
        sums = {name: weights * np.nan_to_num(values) for name, values in fields.items()}
        for name in sums.keys() - self._sums.keys():
            self._sums[name] = np.zeros(self._shape, np.float32)
        # A slice is added five times faster than columns with an index.
        breaks = np.flatnonzero(np.diff(columns) != 1) + 1
        for part in np.split(np.arange(len(columns)), breaks):
            place = rows, slice(columns[part[0]], columns[part[-1]] + 1)
            for totals, values in ((self._weights, added), (self._sums, sums)):
                for name, field in values.items():
                    totals[name][place] += field[:, part[0] : part[-1] + 1]

    def fields(self) -> dict[str, np.ndarray]:
        """Means by name, NaN where missing. The sums are overwritten."""
        wet, dry, missing = self._weights.values()
        is_wet = (wet > 0) & (wet >= dry) & (wet >= missing)
        is_dry = (dry > 0) & ~is_wet & (dry >= missing)
        for name, total in self._sums.items():
            weight, where = (dry, is_dry) if name == HIDDEN else (wet, is_wet)
            np.divide(total, weight, out=total, where=where)
            total[~where] = np.nan
        return self._sums
