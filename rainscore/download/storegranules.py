"""IMERG granules with rain and quality index from an open Icechunk store."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.download.storecatalogue import StoreSettings
from rainscore.download.storemonths import Fields, StoreRequest, bounds_of, fetch_maps
from rainscore.errors import RainscoreError
from rainscore.grids import Grid
from rainscore.imerg.lattice import COLUMNS, lattice_box
from rainscore.imerg.names import granule_name
from rainscore.imerg.writer import write_granule

FIRST_V07C = {
    "early": np.datetime64("2026-03-04T00:00", "ns"),
    "late": np.datetime64("2026-03-03T14:00", "ns"),
}
"""First half-hour of V07C in NASA's archive by run; the stores state the version as 07."""


def granule_request(settings: StoreSettings, run: str, cells: Grid) -> StoreRequest:
    """Request for the half-hours of IMERG over some cells.

    Args:
        settings: Settings of the store; `{run}` in the dataset stands for the run.
        run: `early` or `late`.
        cells: Cells of IMERG.
    """
    dataset = settings.dataset.replace("{run}", run)
    return StoreRequest(replace(settings, dataset=dataset), bounds_of(cells), step_minutes=30)


def fetch_granules(
    folder: Path, start: np.datetime64 | str, end: np.datetime64 | str, *,
    settings: StoreSettings, run: str, cells: Grid,
) -> pd.DataFrame:  # fmt: skip
    """Download the half-hours of a period and write them as granules with two fields.

    Args:
        folder: Folder of the granules, with the name of the month.
        start, end: Period [start, end), UTC.
        settings, run, cells: See `granule_request`.

    Returns:
        Manifest, see `storemonths.fetch_maps`.

    Raises:
        ArchiveBusy, DomainError, RainscoreError: See `storemonths.fetch_maps`; also if the store
            is not on IMERG's cells.
    """
    request = granule_request(settings, run, cells)
    system = f"rainscore from {request.settings.dataset}"
    return fetch_maps(folder, start, end, request, partial(write_granules, run=run, system=system))


def write_granules(
    folder: Path, times: np.ndarray, fields: Fields, grid: Grid, *, run: str, system: str
) -> list[dict]:
    """Write a granule for each map.

    Args:
        folder: Folder of the granules.
        times: Starts of the half-hours, dims (time,).
        fields: Maps by role, dims (time, y, x), row 0 north, NaN where missing; rain in mm/h.
        grid: Grid of the maps; longitudes may exceed ±180.
        run: IMERG run.
        system: Origin of the maps, for the header.

    Returns:
        Name, position and version of each, as `storemonths.MapWriter`.

    Raises:
        RainscoreError: The grid is not that of IMERG's cells.
    """
    cells = Grid(
        "EPSG:4326", round(grid.x0, 4), round(grid.y0 + grid.ny * grid.dy, 4), grid.dx, -grid.dy,
        grid.nx, grid.ny,
    )  # fmt: skip
    try:
        box = lattice_box(cells)
    except ValueError as error:
        raise RainscoreError(
            f"the store of {system.rpartition(' ')[2]} is not on IMERG's 0.1° cells; use another "
            "store"
        ) from error
    if box.west < 0 or box.west + box.nx > COLUMNS:
        fields = {role: _around(values, box.west) for role, values in fields.items()}
        cells = replace(cells, x0=-180.0, nx=COLUMNS)
    names = {"rain": "precipitation", "quality": "quality_index"}
    written = []
    for i, time in enumerate(times):
        version = "V07C" if time >= FIRST_V07C[run] else "V07B"
        granule = xr.Dataset(
            {names[role]: (("lat", "lon"), values[i, ::-1]) for role, values in fields.items()},
            {"lat": cells.y, "lon": cells.x, "time": time},
        )
        file = granule_name(run, time, version)
        write_granule(folder / file, granule, run=run, version=version, system=system)
        written.append({"file": file, "index": 0, "version": version})
    return written


def _around(values: np.ndarray, west: int) -> np.ndarray:
    """Maps across the date line on all longitudes, NaN outside: IMERG's array ends there.

    Args:
        values: Maps, dims (time, y, x).
        west: Column of IMERG, from 180° W, of their first column.
    """
    whole = np.full((*values.shape[:2], COLUMNS), np.nan, np.float32)
    whole[..., (west + np.arange(values.shape[2])) % COLUMNS] = values
    return whole
