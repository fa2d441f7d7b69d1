"""Reader of half-hourly IMERG granules, with the same output for all versions and runs."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
import xarray as xr

from rainscore.errors import DamagedFile, DomainError
from rainscore.grids import Grid
from rainscore.hdf5files import open_hdf5, text
from rainscore.imerg.names import GranuleName, parse_name

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


NAMES = {
    "precipitation": ("precipitation", "precipitationCal"),
    "mw_precipitation": ("MWprecipitation", "HQprecipitation"),
    "mw_source": ("MWprecipSource", "HQprecipSource"),
    "mw_minute": ("MWobservationTime", "HQobservationTime"),
    "ir_precipitation": ("IRprecipitation",),
    "ir_influence": ("IRinfluence", "IRkalmanFilterWeight"),
    "liquid_probability": ("probabilityLiquidPrecipitation",),
    "quality_index": ("precipitationQualityIndex",),
    "random_error": ("randomError",),
}
"""Names of each field in the files: V07 first, then V03 to V06."""


GROUPS = ("Grid/", "Grid/Intermediate/", "")
"""Groups that may contain the variables; OPeNDAP subsets have them in the root."""


FILL_THRESHOLD = -9990
"""Threshold below which a stored value is a fill value (−9999, −9999.9)."""


SIMULATION = "rainscore simulation"
"""`ProcessingSystem` in the header of a simulated granule."""


class Box(NamedTuple):
    """Rectangle of cells on IMERG's global 0.1° lattice.

    Attributes:
        south, west: Row (from 90°S) and column (from 180°W) of the first cell.
        ny, nx: Number of rows and columns.
    """

    south: int
    west: int
    ny: int
    nx: int


def read_granule(
    path: Path | str, cells: Grid | None = None, names: Sequence[str] = tuple(FIELDS)
) -> xr.Dataset:
    """Read a granule of any version (V03 to V07) and run, global or subset.

    Args:
        path: File with or without groups, with or without a time axis.
        cells: Cells to return, on IMERG's 0.1° lattice (`rainscore.grids.imerg_cells`); all cells
            of the file by default.
        names: Names of the fields to read, from `FIELDS`.

    Returns:
        Dataset of the fields, dims (lat, lon), float32, NaN where missing, both axes ascending;
        scalar coordinate `time`, the start of the half-hour (UTC). Cells outside the file and
        fields that the file does not contain are NaN. Attributes: `version`, `run`, `absent` (names
        of the fields that the file does not contain), `world` (`simulated` or `real`), `file`.

    Raises:
        DamagedFile: The file is truncated, is not HDF5, has no precipitation, or its time differs
            from that in its name.
        DomainError: The file contains none of the cells.
        ValueError: `cells` is not on IMERG's lattice.
    """
    requested = None if cells is None else lattice_box(cells)
    with open_hdf5(path) as file:
        name = identify(file, path)
        file_box = _file_box(file, path)
        box = requested or file_box
        fields, absent = _read_fields(file, path, file_box, box, names)
        simulated = f"ProcessingSystem={SIMULATION};" in _header(file)
    return xr.Dataset(
        {field: (("lat", "lon"), values, _attributes(field)) for field, values in fields.items()},
        coords={
            "lat": ("lat", _centres(box.south, box.ny, 900), {"units": "degrees_north"}),
            "lon": ("lon", _centres(box.west, box.nx, 1800), {"units": "degrees_east"}),
            "time": name.start,
        },
        attrs={
            "version": name.version,
            "run": name.run,
            "absent": " ".join(absent),
            "world": "simulated" if simulated else "real",
            "file": Path(path).name,
        },
    )


def _attributes(field: str) -> dict[str, str]:
    unit, description = FIELDS[field]
    return {"units": unit, "long_name": description}


def check_granule(path: Path | str) -> GranuleName:
    """Run, start and version of a granule, after a check without reading its data.

    Raises:
        DamagedFile: The file cannot be read, has no precipitation, or its time differs from that
            in its name.
    """
    with open_hdf5(path) as file:
        name = identify(file, path)
        _require_precipitation(file, path)
    return name


def _header(file: h5py.File) -> str:
    """Header of a granule, empty if absent. Subsets may add a prefix to its name."""
    return next((text(v) for k, v in file.attrs.items() if k.endswith("FileHeader")), "")


def identify(file: h5py.File, path: Path | str) -> GranuleName:
    """Run, start and version of an open granule, from its name and its content.

    Raises:
        DamagedFile: Neither states the half-hour, or they differ.
    """
    entries = dict(re.findall(r"(\w+)=([^;\n]*);", _header(file)))
    if entries.get("TimeInterval", "HALF_HOUR") != "HALF_HOUR":
        raise DamagedFile(path, "not half-hourly IMERG", "remove it from the folder")
    start = _start_in_file(file, entries)
    name = None
    for candidate in (path, entries.get("FileName", "")):
        try:
            name = name or parse_name(candidate)
        except ValueError:
            continue
    if name is None and start is not None:
        return GranuleName("unknown", start, "unknown")
    if name is None:
        raise DamagedFile(
            path,
            "neither its name nor its content states its half-hour",
            "restore the name that the archive gave it",
        )
    if start is not None and name.start != start:
        raise DamagedFile(
            path,
            f"its time is {start.astype('datetime64[m]')}, but "
            f"{name.start.astype('datetime64[m]')} in its name",
            "download it again",
        )
    return name


def lattice_box(cells: Grid) -> Box:
    """Position of cells on IMERG's lattice.

    Raises:
        ValueError: The grid is not aligned with IMERG's cells, or its row 0 is not south.
    """
    south, west = (cells.y0 + 90) * 10, (cells.x0 + 180) * 10
    offset = max(abs(south - round(south)), abs(west - round(west)))
    step_error = max(abs(cells.dx - 0.1), abs(cells.dy - 0.1))
    if cells.crs != "EPSG:4326" or offset > 1e-3 or step_error > 1e-6:
        raise ValueError(f"not on IMERG's 0.1° lattice with row 0 south: {cells}")
    return Box(round(south), round(west), cells.ny, cells.nx)


def _start_in_file(file: h5py.File, entries: dict[str, str]) -> np.datetime64 | None:
    """Start of the half-hour from the time axis, or else from the header; None without both."""
    for group in GROUPS:
        if group + "time" in file:
            axis = file[group + "time"]
            # The epoch is 1970-01-01 in V06 and 1980-01-06 in V07. The attribute `calendar`
            # ("julian") is wrong and ignored. Leap seconds are not counted.
            unit, _, epoch = text(axis.attrs["units"]).partition(" since ")
            if unit != "seconds":
                raise ValueError(f"the unit of time is {unit!r}, not seconds")
            origin = np.datetime64(epoch.rstrip("UTCZ ").replace(" ", "T"), "ns")
            return origin + np.timedelta64(int(np.ravel(axis[()])[0]), "s")
    start = entries.get("StartGranuleDateTime")
    return np.datetime64(start.removesuffix("Z"), "ns") if start else None


def _variable(file: h5py.File, field: str) -> h5py.Dataset | None:
    """Variable of a field, under any of its names; None if absent."""
    for name in NAMES[field]:
        for group in GROUPS:
            if group + name in file:
                return file[group + name]
    return None


def _file_box(file: h5py.File, path: Path | str) -> Box:
    """Cells of a file."""
    south, ny = _axis(file, path, "lat", 900)
    west, nx = _axis(file, path, "lon", 1800)
    return Box(south, west, ny, nx)


def _require_precipitation(file: h5py.File, path: Path | str) -> None:
    """Raise DamagedFile if a file has no precipitation."""
    if _variable(file, "precipitation") is None:
        raise DamagedFile(path, "it has no precipitation", "download it with that variable")


def _axis(file: h5py.File, path: Path | str, name: str, half: int) -> tuple[int, int]:
    """Lattice index of the first cell of an axis, and the length of the axis.

    The coordinates in the files are float32 (−89.549995) and are rounded to the lattice.
    """
    variable = next((file[group + name] for group in GROUPS if group + name in file), None)
    if variable is None:
        raise DamagedFile(path, f"it has no {name}", f"download it with {name}")
    index = variable[()].astype(np.float64) * 10 + half - 0.5
    first = round(index[0])
    if np.abs(index - first - np.arange(index.size)).max() > 0.05:
        raise DamagedFile(
            path, f"its {name} is not IMERG's ascending 0.1° axis", "download it again"
        )
    return first, index.size


def _read_fields(
    file: h5py.File, path: Path | str, file_box: Box, box: Box, names: Sequence[str]
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Fields over `box`, dims (lat, lon), and the names of the absent ones."""
    rows = _overlap(box.south, box.ny, file_box.south, file_box.ny)
    columns = _overlap(box.west, box.nx, file_box.west, file_box.nx)
    if rows is None or columns is None:
        south, north = (n / 10 - 90 for n in (file_box.south, file_box.south + file_box.ny))
        west, east = (n / 10 - 180 for n in (file_box.west, file_box.west + file_box.nx))
        raise DomainError(
            f"{path}: the window is outside the file, which covers latitudes {south:g} to "
            f"{north:g} and longitudes {west:g} to {east:g}; choose another window or file"
        )
    _require_precipitation(file, path)
    fields, absent = {}, []
    for field in names:
        fields[field] = np.full((box.ny, box.nx), np.nan, np.float32)
        variable = _variable(file, field)
        if variable is None:
            absent.append(field)
            continue
        if variable.shape not in ((file_box.nx, file_box.ny), (1, file_box.nx, file_box.ny)):
            raise DamagedFile(
                path, f"the shape of {variable.name} is {variable.shape}", "download it again"
            )
        raw = variable[..., columns[0], rows[0]].reshape(-1, rows[1].stop - rows[1].start).T
        fields[field][rows[1], columns[1]] = np.where(raw <= FILL_THRESHOLD, np.nan, raw)
    return fields, absent


def _overlap(
    box_first: int, box_length: int, file_first: int, file_length: int
) -> tuple[slice, slice] | None:
    """Cells common to the box and the file: slice of the file, slice of the box; None if none."""
    start = max(box_first, file_first)
    stop = min(box_first + box_length, file_first + file_length)
    if stop <= start:
        return None
    return slice(start - file_first, stop - file_first), slice(start - box_first, stop - box_first)


def _centres(first: int, n: int, half: int) -> np.ndarray:
    """Centres [degrees] of `n` cells, starting at a lattice index."""
    return ((np.arange(first, first + n) - half) * 10 + 5) / 100
