"""A month of IMERG and radar on IMERG's own cells, with the conditions of each cell."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from rainscore.analysis.conditions import cell_conditions, condition_code
from rainscore.grids import Grid
from rainscore.io import MAPS_PER_CHUNK
from rainscore.regridding.conservative import Weights

LEAST_AREA = 0.5
"""Share of a cell's area that the radar must see."""


@dataclass(frozen=True)
class CellMonth:
    """Rates and conditions of a month, dims (time, lat, lon).

    Attributes:
        times: Half-hour starts in order, dims (time,).
        cells: IMERG's cells.
        imerg: IMERG's complete estimate [mm/h], NaN missing.
        radar: Mean of the radar over the cell [mm/h], NaN missing.
        source: Index into `SOURCE_NAMES`.
        code: Combination of all conditions, of `condition_code`.
    """

    times: np.ndarray
    cells: Grid
    imerg: np.ndarray
    radar: np.ndarray
    source: np.ndarray
    code: np.ndarray

    @property
    def days(self) -> tuple[np.ndarray, np.ndarray]:
        """The days (UTC), and the place of each half-hour's day among them."""
        return np.unique(self.times.astype("datetime64[D]"), return_inverse=True)


def cell_month(pair: xr.Dataset, onto_cells: Weights) -> CellMonth:
    """Bring the radar of a pair dataset onto IMERG's cells, and class each cell.

    Args:
        pair: A month's pairs (docs/contracts.md), lazy or not; NaN is missing.
        onto_cells: Weights from the study grid to IMERG's cells.
    """
    rain, times = pair["precipitation"].values, pair["time"].values
    radar = np.empty(rain.shape, np.float32)
    for start in range(0, times.size, MAPS_PER_CHUNK):
        part = slice(start, start + MAPS_PER_CHUNK)
        study = pair["radar"].isel(time=part).values
        radar[part], _ = onto_cells.apply(study, min_valid=LEAST_AREA)
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
