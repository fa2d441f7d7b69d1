"""Axes and coordinate reference system of a map by the CF conventions (CF 4.1, 4.2, 5)."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyproj
import xarray as xr
from pyproj.exceptions import ProjError

from rainscore.grids import RADAR_CORNER, Grid
from rainscore.radar.cfvalues import cf_error, decode
from rainscore.rainunits import unit_factor

WORDS = {
    "T": ("T", "time"),
    "Y": ("Y", "latitude", "projection_y_coordinate", "grid_latitude", "lat", "y"),
    "X": ("X", "longitude", "projection_x_coordinate", "grid_longitude", "lon", "x"),
}
"""Values of CF's `axis` and `standard_name`, and names of dimensions, that identify each axis."""


GEOGRAPHIC = {"lon", "lat", "longitude", "latitude"}
"""Names and standard names of longitude and latitude."""


MAX_TEXT = 100_000
"""Number of characters of a coordinate reference system above which it is refused."""


STEP_M = (20.0, 30_000.0)
"""Smallest and largest pixel of a radar map [m]."""


STEP_DEGREES = (0.0002, 1.0)
"""Smallest and largest pixel of a radar map in degrees."""


MAX_M = 5e7
"""Distance from the origin of a projection that none reaches on Earth [m]."""


FRENCH_STORE = "FR-MF-prate"
"""`mlcast_dataset_identifier` of the French mosaic, whose axes are corners of the pixels."""


class Axis(NamedTuple):
    """Regular axis in units of the coordinate reference system, in the order of the file."""

    first: float
    step: float
    n: int

    @property
    def low(self) -> float:
        """Smallest coordinate."""
        return min(self.first, self.first + self.step * (self.n - 1))


def axis_letter(dataset: xr.Dataset, dim: str) -> str:
    """T, Y or X by the CF attributes of a coordinate, its name or its unit; empty if unknown."""
    variable = coordinate(dataset, dim)
    attributes = {} if variable is None else variable.attrs
    words = (attributes.get("axis"), attributes.get("standard_name"), dim.lower())
    found = (letter for word in words for letter, known in WORDS.items() if word in known)
    return next(found, "")


def coordinate(dataset: xr.Dataset, dim: str) -> xr.Variable | None:
    """Coordinate along a dimension: the variable of its name, or the only one with an axis."""
    if dim in dataset.variables:
        return dataset.variables[dim]
    known = {word for words in WORDS.values() for word in words}
    candidates = [
        variable
        for name, variable in dataset.variables.items()
        if variable.dims == (dim,)
        and {variable.attrs.get("axis"), variable.attrs.get("standard_name"), name} & known
    ]
    return candidates[0] if len(candidates) == 1 else None


def read_grid(
    dataset: xr.Dataset, rain: xr.Variable, dims: tuple[str, str], file: Path | str
) -> tuple[Grid, tuple[bool, bool]]:
    """Grid of the maps of a variable, with row 0 north and column 0 west.

    Args:
        dataset: Variables as stored.
        rain: Variable of the maps.
        dims: Names of the dims y and x.
        file: File, for error messages.

    Returns:
        Grid, and whether rows and columns of the file are in the reverse order.

    Raises:
        DamagedFile: The axes are absent, not regular or nowhere on Earth, or their system is
            unknown.
    """
    mapping = _mapping(dataset, rain, dims, file)
    crs = _crs(mapping, file) if mapping else None
    y, x = (_axis(dataset, dim, crs, file) for dim in dims)
    half = 0.0 if _axes_are_corners(dataset, mapping, x, y) else 0.5
    top = y.low + abs(y.step) * (y.n - 1)
    grid = Grid(
        "EPSG:4326" if crs is None else crs.to_wkt(),
        x.low - abs(x.step) * half,
        top + abs(y.step) * half,
        abs(x.step),
        -abs(y.step),
        x.n,
        y.n,
    )
    return _checked(grid, file), (y.step > 0, x.step < 0)


def _mapping(
    dataset: xr.Dataset, rain: xr.Variable, dims: tuple[str, str], file: Path | str
) -> dict[str, Any]:
    """Attributes of the grid mapping; empty for longitude and latitude without one."""
    text = rain.attrs.get("grid_mapping") or rain.encoding.get("grid_mapping") or ""
    if not isinstance(text, str) or len(text) > 1000:
        raise cf_error(file, "its grid_mapping is not a name")
    names = [text] if text and ":" not in text else []
    if ":" in text:  # "crs: x y geographic: lat lon" of CF-1.7
        pairs = re.findall(r"(\S+):((?:\s+[^\s:]+(?![^\s]*:))+)", text)
        names = [name for name, axes in pairs if set(dims) <= set(axes.split())]
    if not text:
        names = [
            str(name)
            for name, variable in dataset.variables.items()
            if {"grid_mapping_name", "crs_wkt", "spatial_ref"} & set(variable.attrs)
        ]
    if not names and not text:
        return {}
    if len(names) != 1 or names[0] not in dataset.variables:
        raise cf_error(file, f"the grid mapping {text or ', '.join(names)} is not in the file")
    attributes = dict(dataset.variables[names[0]].attrs)
    return {
        name: value.item() if isinstance(value, np.ndarray) and value.size == 1 else value
        for name, value in attributes.items()
    }


def _crs(mapping: Mapping[str, Any], file: Path | str) -> pyproj.CRS:
    """Coordinate reference system of a grid mapping."""
    if any(isinstance(value, str) and len(value) > MAX_TEXT for value in mapping.values()):
        raise cf_error(file, f"a grid mapping with a text of more than {MAX_TEXT} characters")
    try:
        return pyproj.CRS.from_cf(dict(mapping))
    except (ProjError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise cf_error(
            file, f"the grid mapping is not a projection that PROJ knows: {str(error)[:200]}"
        ) from error


def _axis(dataset: xr.Dataset, dim: str, crs: pyproj.CRS | None, file: Path | str) -> Axis:
    """Regular axis along a dimension, from its bounds where it has them (CF 7.1)."""
    variable = coordinate(dataset, dim)
    if variable is None or variable.ndim != 1:
        raise cf_error(file, f"no coordinate {dim} of one dimension")
    if variable.size == 0:
        raise cf_error(file, f"{dim} is empty")
    values = decode(variable.to_numpy(), variable.attrs, file)
    step = (values[-1] - values[0]) / (values.size - 1) if values.size > 1 else 0.0
    bounds = dataset.variables.get(str(variable.attrs.get("bounds", "")))
    if bounds is not None and bounds.shape == (values.size, 2):
        packing = {name: variable.attrs[name] for name in ("scale_factor", "add_offset")
                   if name in variable.attrs}  # fmt: skip
        edges = decode(bounds.to_numpy(), packing | bounds.attrs, file)
        values = edges.mean(axis=1)
        step = step or float(edges[0, 1] - edges[0, 0])
    factor = _factor(dim, variable.attrs, crs, file)
    values, step = values * factor, step * factor
    if crs is None or crs.is_geographic:
        values = _unwrapped(values, variable, dim)
        step = (values[-1] - values[0]) / (values.size - 1) if values.size > 1 else step
    error = np.abs(values - values[0] - step * np.arange(values.size)).max()
    if not (np.isfinite(step) and step != 0 and error <= 0.05 * abs(step)):
        raise cf_error(file, f"{dim} is not regular")
    return Axis(float(values[0]), float(step), values.size)


def _unwrapped(values: np.ndarray, variable: xr.Variable, dim: str) -> np.ndarray:
    """Longitudes without the jump from 360 to 0, around a centre of −180 to 180 degrees."""
    words = {variable.attrs.get("axis"), variable.attrs.get("standard_name"), dim.lower()}
    if not words & set(WORDS["X"]):
        return values
    values = np.unwrap(values, period=360)
    return values - 360 * np.ceil((values.mean() - 180) / 360)


def _factor(dim: str, attributes: Mapping, crs: pyproj.CRS | None, file: Path | str) -> float:
    """Factor from the unit of an axis to that of the coordinate reference system."""
    unit = str(attributes.get("units", ""))
    if crs is None:
        is_named = {dim.lower(), str(attributes.get("standard_name", ""))} & GEOGRAPHIC
        factor = 1.0 if is_named and not unit else unit_factor(unit, "degrees")
        if factor is None:
            raise cf_error(
                file,
                f"{dim} in {unit or 'no unit'} without a grid mapping is not longitude or latitude",
            )
        return factor
    if not unit:
        return 1.0
    target = "degrees" if crs.is_geographic else "m"
    factor = unit_factor(unit, target)
    if factor is None:
        raise cf_error(file, f"{dim} in {unit[:40]!r}, not in {target} as its grid mapping")
    return factor if crs.is_geographic else factor / crs.axis_info[0].unit_conversion_factor


def _axes_are_corners(dataset: xr.Dataset, mapping: Mapping[str, Any], x: Axis, y: Axis) -> bool:
    """Whether the coordinates are the upper-left corners of the pixels rather than their centres.

    The origin of the pixels is that of GDAL's `GeoTransform`, or of the French mosaic in the store
    of mlcast. Without an origin, coordinates are centres, as CF defines them.
    """
    numbers = re.findall(r"[-+.\deE]+", str(mapping.get("GeoTransform", "")))
    if len(numbers) == 6:
        try:
            origin = float(numbers[0]), float(numbers[3])
        except ValueError:
            return False
    elif dataset.attrs.get("mlcast_dataset_identifier") == FRENCH_STORE:
        origin = RADAR_CORNER
    else:
        return False
    pixels = ((x.first - origin[0]) / x.step, (y.first - origin[1]) / y.step)
    return all(abs(p - round(p)) < 0.1 for p in pixels)


def _checked(grid: Grid, file: Path | str) -> Grid:
    """The grid, if its pixels have a plausible size and lie on Earth."""
    crs = pyproj.CRS(grid.crs)
    smallest, largest = STEP_DEGREES if crs.is_geographic else STEP_M
    unit = 1.0 if crs.is_geographic else crs.axis_info[0].unit_conversion_factor
    for name, step in (("x", grid.dx * unit), ("y", -grid.dy * unit)):
        if not smallest <= step <= largest:
            text = "degrees" if crs.is_geographic else "m"
            raise cf_error(file, f"pixels of {step:g} {text} along {name}: is its unit right?")
    x, y = np.meshgrid(grid.x[[0, grid.nx // 2, -1]], grid.y[[0, grid.ny // 2, -1]])
    if crs.is_geographic:
        is_on_earth = np.abs(y).max() <= 90.5 and np.abs(x).max() <= 540
    else:
        lon, lat = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
        is_finite = np.isfinite(lon[1, 1]) and np.isfinite(lat[1, 1])
        is_on_earth = is_finite and max(np.abs(x).max(), np.abs(y).max()) * unit < MAX_M
    if not is_on_earth:
        raise cf_error(
            file,
            f"x from {grid.x[0]:g} to {grid.x[-1]:g} and y from {grid.y[-1]:g} to {grid.y[0]:g} "
            "are not on Earth: are its units right, and its axes not exchanged?",
        )
    return grid
