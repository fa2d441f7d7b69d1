"""Real radar sequences as the pairs of an estimate without error."""

from pathlib import Path

import numpy as np

from benchmarks.radarsequences import Sequence
from rainscore.grids import Grid
from rainscore.regridding.conservative import Weights, overlap_weights


def half_hours(path: Path) -> tuple[np.ndarray, Grid]:
    """Half-hour means of a sequence and their grid.

    Returns:
        Rates [mm/h], dims (time, y, x), NaN missing, at most six half-hours; and their grid.
    """
    sequence = Sequence.read(path)
    return sequence.half_hours()[1][:6], sequence.grid


def on_cells(rates: np.ndarray, grid: Grid, cells: Grid) -> tuple[np.ndarray, Weights]:
    """Means over IMERG's cells (time, lat, lon), and the weights."""
    weights = overlap_weights(grid, cells)
    return weights.apply(rates, min_valid=0.5)[0], weights
