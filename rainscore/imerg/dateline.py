"""Granules read across the date line, where IMERG's array ends."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from rainscore.errors import DomainError
from rainscore.grids import Grid
from rainscore.imerg.lattice import COLUMNS, centres
from rainscore.imerg.reader import FIELDS, read_granule


def read_turned(
    path: Path | str,
    cells: Grid,
    names: Sequence[str] = tuple(FIELDS),
    *,
    angle: float,
    time: np.datetime64 | None = None,
) -> xr.Dataset:
    """Read a half-hour as it would be if the Earth were turned around its axis.

    Args:
        path: Granule, as for `read_granule`.
        cells: Cells to return.
        names: Names of the fields to read.
        angle: Angle [degrees], a multiple of 0.1°: the values at longitude x are those of the file
            at x + `angle`.
        time: Start of the half-hour, as for `read_granule`.

    Returns:
        Dataset of `read_granule` on `cells`, with the longitudes of `cells`.

    Raises:
        DomainError: The file contains none of the cells.
        DamagedFile: As for `read_granule`.
    """
    west = round((cells.x0 + angle + 180) * 10) % COLUMNS
    before = min(cells.nx, COLUMNS - west)  # columns up to the date line
    parts = [replace(cells, x0=west / 10 - 180, nx=before)]
    if before < cells.nx:
        parts.append(replace(cells, x0=-180.0, nx=cells.nx - before))
    read: list[xr.Dataset] = []
    for part in parts:
        try:
            read.append(read_granule(path, part, names, time=time))
        except DomainError as error:
            outside = error
    if not read:
        raise outside
    edges = [(round((part.x0 + 180) * 10), part.nx) for part in parts]
    longitudes = np.concatenate([centres(first, count, COLUMNS) for first, count in edges])
    whole = xr.concat(read, "lon", combine_attrs="override").reindex(lon=longitudes)
    return whole.assign_coords(lon=("lon", cells.x, read[0]["lon"].attrs))
