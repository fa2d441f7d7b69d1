"""Reader of half-hourly IMERG granules, with the same output for all versions and runs."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from rainscore.errors import DamagedFile
from rainscore.grids import Grid
from rainscore.hdf5files import PRODUCER, open_hdf5
from rainscore.imerg.decoding import is_daily
from rainscore.imerg.identity import identify, read_header
from rainscore.imerg.lattice import (
    COLUMNS,
    ROWS,
    Box,
    FileCells,
    centres,
    file_cells,
    lattice_box,
    lattice_cells,
    outside,
    overlap,
)
from rainscore.imerg.names import GranuleName
from rainscore.imerg.variables import NAMES, Variables, dimensions, read_field

log = logging.getLogger("rainscore")

FIELDS = {
    "precipitation": ("mm h-1", "complete merged precipitation"),
    "mw_precipitation": ("mm h-1", "microwave-only precipitation"),
    "mw_source": ("1", "microwave sensor, 0 for none"),
    "mw_minute": ("min", "minute of the microwave observation after the start"),
    "ir_precipitation": ("mm h-1", "infrared-only precipitation"),
    "ir_influence": ("%", "weight of the infrared in the merge"),
    "liquid_probability": ("%", "probability that precipitation is liquid"),
    "quality_index": ("1", "precipitation quality index"),
    "random_error": ("mm h-1", "random error of the merged precipitation"),
}
"""Fields of a granule: unit and description."""


SIMULATION = "rainscore simulation"
"""`ProcessingSystem` in the header of a simulated granule."""


def read_granule(
    path: Path | str,
    cells: Grid | None = None,
    names: Sequence[str] = tuple(FIELDS),
    *,
    time: np.datetime64 | None = None,
) -> xr.Dataset:
    """Read a half-hour of a granule of any version (V03 to V07) and run, global or subset.

    Args:
        path: File with or without groups, with or without a time axis.
        cells: Cells to return, on IMERG's 0.1° lattice (`rainscore.grids.imerg_cells`); all cells
            of the file by default.
        names: Names of the fields to read, from `FIELDS`.
        time: Start of the half-hour to read (UTC), used only if the file has several.

    Returns:
        Dataset of the fields, dims (lat, lon), float32, NaN where missing, both axes ascending;
        scalar coordinate `time`, the start of the half-hour (UTC). Cells outside the file, chunks
        that were never written, values outside the range of their field, and fields that the file
        does not contain are NaN. Attributes: `version`, `run`, `absent` (names of the fields that
        the file does not contain), `out_of_range` (fields with values outside their range, and the
        number of these values), `world` (`simulated` or `real`), `file`.

    Raises:
        DamagedFile: The file cannot be read, has no precipitation, contradicts its name, or its
            content is not that of half-hourly IMERG.
        DomainError: The file contains none of the cells.
        ValueError: `cells` is not on IMERG's lattice.
    """
    requested = None if cells is None else lattice_box(cells)
    with open_hdf5(path, check_all=False) as file:
        variables, header = Variables(file, path), read_header(file)
        half_hours, stored = _check(variables, header)
        index = _half_hour_index(half_hours, time, path)
        half_hour = half_hours[index]
        box = requested or stored.box
        fields, counts = _read_fields(variables, stored, box, names, (index, len(half_hours)))
    out_of_range = ", ".join(f"{field} {n}" for field, n in counts.items() if n)
    if out_of_range:
        log.warning("%s: number of values out of range, now missing: %s", path, out_of_range)
    return xr.Dataset(
        {field: (("lat", "lon"), values, _attributes(field)) for field, values in fields.items()},
        coords={
            "lat": ("lat", centres(box.south, box.ny, ROWS), {"units": "degrees_north"}),
            "lon": ("lon", centres(box.west, box.nx, COLUMNS), {"units": "degrees_east"}),
            "time": half_hour.start,
        },
        attrs={
            "version": half_hour.version,
            "run": half_hour.run,
            "absent": " ".join(field for field in names if field not in counts),
            "out_of_range": out_of_range,
            "world": "simulated" if header.get("ProcessingSystem") == SIMULATION else "real",
            "file": Path(path).name,
        },
    )


def _attributes(field: str) -> dict[str, str]:
    unit, description = FIELDS[field]
    return {"units": unit, "long_name": description}


def check_granule(path: Path | str) -> tuple[GranuleName, ...]:
    """Run, start and version of each half-hour of a file, after a check without reading its data.

    Raises:
        DamagedFile: The file cannot be read, has no precipitation, contradicts its name, or its
            content is not that of half-hourly IMERG.
    """
    with open_hdf5(path, check_all=False) as file:
        return _check(Variables(file, path), read_header(file))[0]


def stored_cells(path: Path | str) -> Grid:
    """Cells of a file, row 0 south.

    Raises:
        DamagedFile: The file cannot be read, or its axes are not part of IMERG's lattice.
    """
    with open_hdf5(path, check_all=False) as file:
        box = file_cells(Variables(file, path)).box
    return lattice_cells(box)


def _check(
    variables: Variables, header: dict[str, str]
) -> tuple[tuple[GranuleName, ...], FileCells]:
    """Half-hours and cells of a file, after a check without reading its data."""
    half_hours, stored = identify(variables, header), file_cells(variables)
    _check_precipitation(variables, half_hours, stored)
    return half_hours, stored


def _half_hour_index(
    half_hours: Sequence[GranuleName], time: np.datetime64 | None, path: Path | str
) -> int:
    """Index of a half-hour in a file."""
    starts = [one.start for one in half_hours]
    if len(starts) == 1:
        return 0
    if time is not None and time in starts:
        return starts.index(time)
    first, last = (start.astype("datetime64[m]") for start in (starts[0], starts[-1]))
    raise DamagedFile(
        path,
        f"it holds {len(starts)} half-hours from {first} to {last}, not {time or 'a single one'}",
        "give the start of one of them",
    )


def _sizes(stored: FileCells, count: int) -> dict[str, int]:
    """Length of each axis of a file with `count` half-hours."""
    return {"time": count, "lat": stored.box.ny, "lon": stored.box.nx}


def _check_precipitation(
    variables: Variables, half_hours: Sequence[GranuleName], stored: FileCells
) -> None:
    """Raise DamagedFile if a file has no precipitation, or not half-hourly one."""
    path, rain = variables.path, variables.find(*NAMES["precipitation"])
    if rain is None:
        raise DamagedFile(path, "it has no precipitation", "download it with that variable")
    dimensions(rain, path, _sizes(stored, len(half_hours)))
    if half_hours[0].version == "unknown" and is_daily(rain):
        # A subset of daily IMERG has one time, like a granule, and no header.
        raise DamagedFile(
            path,
            "its precipitation is in mm/day, and neither its name nor its header says that it is "
            "half-hourly",
            PRODUCER,
        )


def _read_fields(
    variables: Variables,
    stored: FileCells,
    box: Box,
    names: Sequence[str],
    half_hour: tuple[int, int],
) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Fields over a box at a half-hour (index, number of them in the file).

    Returns:
        Fields by name, dims (lat, lon), and the number of values out of range of those that the
        file contains.
    """
    common = overlap(stored.box, box)
    if common is None:
        raise outside(variables.path, stored.box)
    (file_rows, rows), (file_columns, columns) = common
    ny = stored.box.ny
    if stored.north_first:
        file_rows = slice(ny - file_rows.stop, ny - file_rows.start)
    index, count = half_hour
    selection = {"time": index, "lat": file_rows, "lon": file_columns}
    fields, counts = {}, {}
    for field in names:
        fields[field] = np.full((box.ny, box.nx), np.nan, np.float32)
        decoded = read_field(variables, field, _sizes(stored, count), selection)
        if decoded is not None:
            values = decoded.values[::-1] if stored.north_first else decoded.values
            fields[field][rows, columns] = values
            counts[field] = decoded.out_of_range
    return fields, counts
