"""Half-hours of IMERG that were loaded with xarray, in the form of `read_granule`."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.grids import Grid
from rainscore.imerg.lattice import COLUMNS, ROWS, Box, centres, lattice_box, lattice_cells
from rainscore.imerg.reader import FIELDS
from rainscore.imerg.variables import AXIS_NAMES, NAMES


def from_dataset(dataset: xr.Dataset) -> xr.Dataset:
    """Dataset of `read_granule` from a loaded half-hour.

    Args:
        dataset: One half-hour with the coordinates time, lat and lon (or latitude, longitude, in
            any order and direction), and variables with the names of IMERG's files or of
            `read_granule`; `precipitation` [mm/h] is required. Attributes `run` and `version` are
            used if present.

    Raises:
        RainscoreError: It is not one half-hour of rain on IMERG's cells.
    """
    renamed = {name: AXIS_NAMES[str(name).lower()] for name in dataset.coords
               if str(name).lower() in AXIS_NAMES}  # fmt: skip
    dataset = dataset.rename(renamed)
    time = _time(dataset)
    if "time" in dataset.dims:
        dataset = dataset.isel(time=0)
    rows, columns = _axis(dataset, "lat", ROWS), _axis(dataset, "lon", COLUMNS)
    given = _given(dataset)
    box = Box(int(rows.min()), int(columns.min()), rows.size, columns.size)
    shape = box.ny, box.nx
    fields = {}
    for name, (units, long_name) in FIELDS.items():
        values = np.full(shape, np.nan, np.float32)
        if name in given:
            found = dataset[given[name]].transpose("lat", "lon").values.astype(np.float32)
            values[np.ix_(rows - box.south, columns - box.west)] = np.where(
                found < 0, np.nan, found
            )
        fields[name] = (("lat", "lon"), values, {"units": units, "long_name": long_name})
    attrs = {
        "version": str(dataset.attrs.get("version", "unknown")),
        "run": str(dataset.attrs.get("run", "unknown")),
        "absent": " ".join(name for name in FIELDS if name not in given),
        "out_of_range": "",
        "world": str(dataset.attrs.get("world", "real")),
        "file": str(dataset.attrs.get("file", "")),
    }
    coords = {
        "lat": ("lat", centres(box.south, box.ny, ROWS), {"units": "degrees_north"}),
        "lon": ("lon", centres(box.west, box.nx, COLUMNS), {"units": "degrees_east"}),
        "time": time,
    }
    return xr.Dataset(fields, coords, attrs)


def _given(dataset: xr.Dataset) -> Mapping[str, str]:
    """Name in the dataset of each field that it has."""
    given = {field: name for field in FIELDS for name in (field, *NAMES[field]) if name in dataset}
    if "precipitation" not in given:
        raise RainscoreError(
            f"the dataset has no variable precipitation or precipitationCal: it has "
            f"{', '.join(map(str, dataset.data_vars)) or 'none'}"
        )
    return given


def _time(dataset: xr.Dataset) -> np.datetime64:
    """Start of the half-hour of a dataset."""
    if "time" not in dataset.coords or dataset["time"].size != 1:
        count = dataset["time"].size if "time" in dataset.coords else 0
        raise RainscoreError(
            f"the dataset has {count} times, and one half-hour is scored at a time: select it, for "
            "example by dataset.isel(time=0)"
        )
    value = dataset["time"].values.ravel()[0]
    # IMERG states a Julian calendar, which xarray decodes to dates of cftime.
    text = value.isoformat() if hasattr(value, "isoformat") else value
    start = np.datetime64(text, "ns")
    if np.isnat(start):
        raise RainscoreError("the time of the dataset is missing")
    return start


def _axis(dataset: xr.Dataset, name: str, count: int) -> np.ndarray:
    """Index on IMERG's lattice of each coordinate of an axis, which must be contiguous."""
    if name not in dataset.dims or name not in dataset.coords:
        raise RainscoreError(f"the dataset has no coordinate {name}: give longitude and latitude")
    exact = dataset[name].values.astype(np.float64) * 10 + count / 2 - 0.5
    index = np.round(exact)
    if not np.isfinite(exact).all() or np.abs(exact - index).max(initial=0) > 0.05:
        raise RainscoreError(f"the {name} of the dataset is not that of IMERG's cells of 0.1°")
    index = index.astype(int) % count if name == "lon" else index.astype(int)
    expected = np.arange(index.min(), index.max() + 1)
    if not np.array_equal(np.sort(index), expected) or index.min() < 0 or index.max() >= count:
        raise RainscoreError(f"the {name} of the dataset has gaps, or cells beyond IMERG's")
    return index


def on_cells(granule: xr.Dataset, cells: Grid, *, angle: float = 0.0) -> xr.Dataset:
    """A half-hour on other cells, NaN where it has none; across the date line if needed.

    Args:
        granule: Dataset of `read_granule` or `from_dataset`.
        cells: Cells to return.
        angle: The values at longitude x are those of the granule at x + `angle` [degrees].

    Raises:
        RainscoreError: The granule has none of the cells.
    """
    box, stored = lattice_box(cells), lattice_box(cells_of(granule))
    rows = box.south + np.arange(box.ny) - stored.south
    columns = (box.west + round(angle * 10) + np.arange(box.nx)) % COLUMNS - stored.west
    inside_rows = (rows >= 0) & (rows < stored.ny)
    inside_columns = (columns >= 0) & (columns < stored.nx)
    if not (inside_rows.any() and inside_columns.any()):
        raise RainscoreError("the window is outside the granule; choose another window")
    place = np.ix_(inside_rows, inside_columns)
    source = np.ix_(rows[inside_rows], columns[inside_columns])
    fields = {}
    for name, field in granule.data_vars.items():
        values = np.full((box.ny, box.nx), np.nan, np.float32)
        values[place] = field.values[source]
        fields[name] = (("lat", "lon"), values, field.attrs)
    coords = {
        "lat": ("lat", centres(box.south, box.ny, ROWS), granule["lat"].attrs),
        "lon": ("lon", centres(box.west, box.nx, COLUMNS), granule["lon"].attrs),
        "time": granule["time"],
    }
    return xr.Dataset(fields, coords, granule.attrs)


def cells_of(granule: xr.Dataset) -> Grid:
    """Cells of a dataset of `read_granule`, row 0 south."""
    south = round((float(granule["lat"][0]) + 90) * 10 - 0.5)
    west = round((float(granule["lon"][0]) + 180) * 10 - 0.5)
    return lattice_cells(Box(south, west, granule.sizes["lat"], granule.sizes["lon"]))


def start_of(granule: xr.Dataset) -> np.datetime64:
    """Start of the half-hour of a dataset of `read_granule`, datetime64[ns]."""
    return np.datetime64(granule["time"].item(), "ns")
