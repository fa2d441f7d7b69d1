"""Half-hourly IMERG granules of every version, run and shape as one and the same dataset."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
import xarray as xr

from rainscore.errors import DamagedFile, DomainError
from rainscore.grids import Grid
from rainscore.imerg.names import GranuleName, parse_name
from rainscore.io import open_hdf5, text

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
"""Fields of a granule: unit and meaning."""


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
"""Names of each field in the files, V07's first, then those of V03 to V06."""


GROUPS = ("Grid/", "Grid/Intermediate/", "")
"""Where the variables lie; OPeNDAP subsets are flattened to the root."""


FILL = -9990
"""Every fill value (−9999, −9999.9) lies below, every real value above."""


SIMULATION = "rainscore simulation"
"""`ProcessingSystem` in the header of a simulated granule."""


class Box(NamedTuple):
    """Cells on IMERG's lattice: first row from 90°S, first column from 180°W, rows, columns."""

    south: int
    west: int
    ny: int
    nx: int


def read_granule(
    path: Path | str, cells: Grid | None = None, names: Sequence[str] = tuple(FIELDS)
) -> xr.Dataset:
    """Read a granule of any version (V03 to V07) and run, whole-globe or subset.

    Args:
        path: File with or without groups, with or without a time axis.
        cells: Cells to return, on IMERG's 0.1° lattice (`rainscore.grids.imerg_cells`); all those
            of the file by default.
        names: Fields to read.

    Returns:
        These fields of `FIELDS`, dims (lat, lon), float32, NaN where missing, both axes ascending;
        scalar coordinate `time`, the start of the half-hour. Cells outside the file are NaN, and so
        are the fields that the file does not have, which `attrs["absent"]` names.

    Raises:
        DamagedFile: The file is truncated, is not HDF5, has no rain, or holds another half-hour
            than its name says.
        DomainError: The file has none of the cells.
        ValueError: `cells` is not on IMERG's lattice.
    """
    wanted = None if cells is None else lattice_box(cells)
    with open_hdf5(path) as file:
        name = identify(file, path)
        there = _file_box(file, path)
        box = wanted or there
        fields, absent = _read_fields(file, path, there, box, names)
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
    unit, meaning = FIELDS[field]
    return {"units": unit, "long_name": meaning}


def check_granule(path: Path | str) -> GranuleName:
    """Say which granule a file holds, after opening it and finding its rain, at little cost.

    Raises:
        DamagedFile: It cannot be read, has no rain, or holds another half-hour than its name says.
    """
    with open_hdf5(path) as file:
        name = identify(file, path)
        _rain(file, path)
    return name


def _header(file: h5py.File) -> str:
    """Header of a granule, empty where it has none (subsets may name it with a prefix)."""
    return next((text(v) for k, v in file.attrs.items() if k.endswith("FileHeader")), "")


def identify(file: h5py.File, path: Path | str) -> GranuleName:
    """Say which granule an open file holds, from its name and its content.

    Raises:
        DamagedFile: Neither says which half-hour it is, or they disagree.
    """
    entries = dict(re.findall(r"(\w+)=([^;\n]*);", _header(file)))
    if entries.get("TimeInterval", "HALF_HOUR") != "HALF_HOUR":
        raise DamagedFile(path, "it is not half-hourly IMERG", "remove it from the folder")
    inside = _time_inside(file, entries)
    name = None
    for candidate in (path, entries.get("FileName", "")):
        try:
            name = name or parse_name(candidate)
        except ValueError:
            continue
    if name is None and inside is not None:
        return GranuleName("unknown", inside, "unknown")
    if name is None:
        raise DamagedFile(
            path,
            "neither its name nor its content says which half-hour it is",
            "keep the name that the archive gave it",
        )
    if inside is not None and name.start != inside:
        raise DamagedFile(
            path,
            f"it holds {inside.astype('datetime64[m]')} where its name says "
            f"{name.start.astype('datetime64[m]')}",
            "fetch it again",
        )
    return name


def lattice_box(cells: Grid) -> Box:
    """Place cells on IMERG's lattice.

    Raises:
        ValueError: The cells are not IMERG's, or their row 0 is not the southern one.
    """
    south, west = (cells.y0 + 90) * 10, (cells.x0 + 180) * 10
    off = max(abs(south - round(south)), abs(west - round(west)))
    steps = max(abs(cells.dx - 0.1), abs(cells.dy - 0.1))
    if cells.crs != "EPSG:4326" or off > 1e-3 or steps > 1e-6:
        raise ValueError(f"not on IMERG's 0.1° lattice with row 0 south: {cells}")
    return Box(round(south), round(west), cells.ny, cells.nx)


def _time_inside(file: h5py.File, entries: dict[str, str]) -> np.datetime64 | None:
    """Start of the half-hour by the time axis, or else by the header; None without either."""
    for group in GROUPS:
        if group + "time" in file:
            axis = file[group + "time"]
            # The epoch is 1970-01-01 in V06 and 1980-01-06 in V07; the attribute `calendar`
            # ("julian") is wrong and not followed. No leap seconds are counted.
            unit, _, epoch = text(axis.attrs["units"]).partition(" since ")
            if unit != "seconds":
                raise ValueError(f"time is in {unit!r}, not in seconds")
            origin = np.datetime64(epoch.rstrip("UTCZ ").replace(" ", "T"), "ns")
            return origin + np.timedelta64(int(np.ravel(axis[()])[0]), "s")
    start = entries.get("StartGranuleDateTime")
    return np.datetime64(start.removesuffix("Z"), "ns") if start else None


def _find(file: h5py.File, field: str) -> h5py.Dataset | None:
    """Return the variable that holds a field, wherever this version keeps it; None if absent."""
    for name in NAMES[field]:
        for group in GROUPS:
            if group + name in file:
                return file[group + name]
    return None


def _file_box(file: h5py.File, path: Path | str) -> Box:
    """Cells that a file holds."""
    south, ny = _axis(file, path, "lat", 900)
    west, nx = _axis(file, path, "lon", 1800)
    return Box(south, west, ny, nx)


def _rain(file: h5py.File, path: Path | str) -> None:
    """Raise DamagedFile where a file has no rain."""
    if _find(file, "precipitation") is None:
        raise DamagedFile(path, "it has no precipitation", "fetch it again with that variable")


def _axis(file: h5py.File, path: Path | str, name: str, half: int) -> tuple[int, int]:
    """Lattice index of the first cell of an axis, and its length.

    The files' coordinates are computed in float32 (−89.549995), so they are rounded to the lattice.
    """
    variable = next((file[group + name] for group in GROUPS if group + name in file), None)
    if variable is None:
        raise DamagedFile(path, f"it has no {name}", f"fetch it again with {name}")
    index = variable[()].astype(np.float64) * 10 + half - 0.5
    first = round(index[0])
    if np.abs(index - first - np.arange(index.size)).max() > 0.05:
        raise DamagedFile(path, f"its {name} is not IMERG's ascending 0.1° axis", "fetch it again")
    return first, index.size


def _read_fields(
    file: h5py.File, path: Path | str, there: Box, box: Box, names: Sequence[str]
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Fields over `box`, each (lat, lon), from a file that holds `there`; the absent ones."""
    rows = _overlap(box.south, box.ny, there.south, there.ny)
    columns = _overlap(box.west, box.nx, there.west, there.nx)
    if rows is None or columns is None:
        raise DomainError(
            f"{path}: the window lies outside the file, which covers latitudes "
            f"{there.south / 10 - 90:g} to {(there.south + there.ny) / 10 - 90:g} and longitudes "
            f"{there.west / 10 - 180:g} to {(there.west + there.nx) / 10 - 180:g}; "
            "choose another window or file"
        )
    _rain(file, path)
    fields, absent = {}, []
    for field in names:
        fields[field] = np.full((box.ny, box.nx), np.nan, np.float32)
        variable = _find(file, field)
        if variable is None:
            absent.append(field)
            continue
        if variable.shape not in ((there.nx, there.ny), (1, there.nx, there.ny)):
            raise DamagedFile(
                path, f"{variable.name} has the shape {variable.shape}", "fetch it again"
            )
        raw = variable[..., columns[0], rows[0]].reshape(-1, rows[1].stop - rows[1].start).T
        fields[field][rows[1], columns[1]] = np.where(raw <= FILL, np.nan, raw)
    return fields, absent


def _overlap(wanted: int, n_wanted: int, first: int, n: int) -> tuple[slice, slice] | None:
    """Where the cells that both have lie in the file and in the wanted box; None without any."""
    start, stop = max(wanted, first), min(wanted + n_wanted, first + n)
    if stop <= start:
        return None
    return slice(start - first, stop - first), slice(start - wanted, stop - wanted)


def _centres(first: int, n: int, half: int) -> np.ndarray:
    """Cell centres [degrees] of `n` cells from a lattice index on."""
    return ((np.arange(first, first + n) - half) * 10 + 5) / 100
