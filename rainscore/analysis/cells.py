"""A month of IMERG and radar on IMERG's cells, with the conditions of each cell."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from rainscore.analysis.conditions import cell_conditions, condition_code
from rainscore.grids import Grid
from rainscore.io import MAPS_PER_CHUNK
from rainscore.regridding.conservative import Weights

MIN_VALID_AREA = 0.5
"""Minimum share of a cell's area with valid radar."""


@dataclass(frozen=True)
class CellMonth:
    """Rates and conditions of a month, dims (time, lat, lon).

    Attributes:
        times: Half-hour starts in order, dims (time,).
        cells: Grid of IMERG's cells.
        imerg: Complete estimate of IMERG [mm/h], NaN where missing.
        radar: Mean of the radar over the cell [mm/h], NaN where missing.
        source: Index into `CELL_SOURCES`.
        code: Combination of all conditions (`condition_code`).
    """

    times: np.ndarray
    cells: Grid
    imerg: np.ndarray
    radar: np.ndarray
    source: np.ndarray
    code: np.ndarray

    @property
    def days(self) -> tuple[np.ndarray, np.ndarray]:
        """Days (UTC), and the index of the day of each half-hour."""
        return unique_days(self.times)


def unique_days(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Days (UTC) of half-hour starts (time,), datetime64[D], and the index of each one's day."""
    return np.unique(times.astype("datetime64[D]"), return_inverse=True)


def cell_month(pair: xr.Dataset, onto_cells: Weights) -> CellMonth:
    """Average the radar of a pair file over IMERG's cells, and classify each cell.

    Args:
        pair: Pair file of a month (docs/contracts.md), lazy or not; NaN where missing.
        onto_cells: Regridding weights from the study grid to IMERG's cells.
    """
    rain, times = pair["precipitation"].values, pair["time"].values
    radar = np.empty(rain.shape, np.float32)
    for start in range(0, times.size, MAPS_PER_CHUNK):
        part = slice(start, start + MAPS_PER_CHUNK)
        study = pair["radar"].isel(time=part).values
        radar[part], _ = onto_cells.apply(study, min_valid=MIN_VALID_AREA)
    classes = cell_conditions(
        pair["mw_source"].values,
        pair["ir_influence"].values,
        rain,
        present=pair["imerg_state"].values == 0,
        times=times,
    )
    return CellMonth(
        times, onto_cells.target, rain, radar, classes["source"], condition_code(classes)
    )
