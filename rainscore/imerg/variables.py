"""Variables of IMERG files: found by name, read by dimension names, decoded by attributes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from rainscore.errors import DamagedFile
from rainscore.hdf5files import PRODUCER, find_array, read_values, text
from rainscore.rainunits import rain_unit, unit_factor

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


class Kind(NamedTuple):
    """Values that a field may have.

    Attributes:
        low, high: Range of plausible values.
        unit: Unit of the field, to which that of the file is converted; None for a field whose unit
            is not checked.
        whole: Whether the values are whole numbers.
    """

    low: float
    high: float
    unit: str | None = None
    whole: bool = False


MAX_RATE_MM_H = 300.0
"""Highest rate that is accepted as precipitation, as for the radar [mm/h].

The half-hourly granules that were examined reach 112 mm/h.
"""


KINDS = {
    "precipitation": Kind(0, MAX_RATE_MM_H, "mm h-1"),
    "mw_precipitation": Kind(0, MAX_RATE_MM_H, "mm h-1"),
    "mw_source": Kind(0, 30, whole=True),
    "mw_minute": Kind(0, 30, "min"),
    "ir_precipitation": Kind(0, MAX_RATE_MM_H, "mm h-1"),
    "ir_influence": Kind(0, 100, "%"),
    "liquid_probability": Kind(0, 100, "%"),
    "quality_index": Kind(0, 1),
    "random_error": Kind(0, 10 * MAX_RATE_MM_H, "mm h-1"),  # errors reach several times the rate
}
"""Kind of each field. Values outside its range are missing."""


FILL_RANGE = -10000, -9990
"""Range of the fill values of the archive (−9999, −9999.9), also without an attribute."""


FILL_ATTRIBUTES = ("_FillValue", "missing_value", "CodeMissingValue")
"""Attributes with the value of missing data."""


VALUE_ATTRIBUTES = {
    *FILL_ATTRIBUTES,
    *("_Unsigned", "scale_factor", "add_offset"),
    *("valid_range", "valid_min", "valid_max"),
    *("units", "Units"),
}
"""Attributes that describe the values of a variable."""


AXIS_NAMES = {
    "time": "time",
    "lat": "lat",
    "latitude": "lat",
    "nlat": "lat",
    "lon": "lon",
    "longitude": "lon",
    "nlon": "lon",
}
"""Names of dimensions, and the axis that they belong to."""


class Decoded(NamedTuple):
    """Values of a field over some cells.

    Attributes:
        values: Dims (lat, lon), latitude ascending, float32, NaN where missing.
        out_of_range: Number of values that were outside the range of the field.
    """

    values: np.ndarray
    out_of_range: int


class Variables:
    """Variables of an open IMERG file, by name.

    Args:
        file: The open file.
        path: Path of the file, for error messages.
    """

    def __init__(self, file: h5py.File, path: Path | str) -> None:
        self.file, self.path = file, path
        self._groups: dict[str, str] = {}
        for group in GROUPS:
            item = file.get(group.rstrip("/") or "/")
            for name in item if isinstance(item, h5py.Group) else ():
                self._groups.setdefault(name, group)

    def find(self, *names: str) -> h5py.Dataset | None:
        """Array of numbers under the first of the names that exists; None if there is none.

        Raises:
            DamagedFile: It is not an array of numbers (`hdf5files.find_array`).
        """
        found = next((name for name in names if name in self._groups), None)
        return (
            None if found is None else find_array(self.file, self._groups[found] + found, self.path)
        )


def read_field(
    variables: Variables, field: str, sizes: Mapping[str, int], cells: Mapping[str, Any]
) -> Decoded | None:
    """Read a field over some cells.

    Args:
        variables: Variables of the file.
        field: Name of the field.
        sizes: Length of the axes `time`, `lat` and `lon`.
        cells: Index of the half-hour (`time`), and slices of rows and columns (`lat`, `lon`).

    Returns:
        The values in the order of the file's rows; None if the file does not contain the field.

    Raises:
        DamagedFile: The variable is not a field on these axes, or its attributes cannot be used.
    """
    dataset = variables.find(*NAMES[field])
    if dataset is None:
        return None
    order = dimensions(dataset, variables.path, sizes)
    raw, written = read_values(dataset, tuple(cells[name] for name in order))
    decoded = decode(raw, written, dataset, KINDS[field], variables.path)
    rows_first = order.index("lat") < order.index("lon")
    return decoded if rows_first else Decoded(decoded.values.T, decoded.out_of_range)


def dimensions(
    dataset: h5py.Dataset, path: Path | str, sizes: Mapping[str, int]
) -> tuple[str, ...]:
    """Axis of each dimension of a variable.

    Axes of different lengths are recognised by their lengths. Otherwise the names of the dimensions
    are those of the scales that are attached to them, or else of the attribute `DimensionNames`,
    which programs that transpose a file do not change. Without names, the dims are those of the
    archive, (time, lon, lat) or (lon, lat).

    Raises:
        DamagedFile: The dimensions are not those of the axes.
    """
    axis_of = {size: name for name, size in sizes.items()}
    if len(axis_of) == 3 and sorted(dataset.shape) == sorted(axis_of):
        return tuple(axis_of[size] for size in dataset.shape)
    names = _scale_names(dataset)
    if names is None and "DimensionNames" in dataset.attrs:
        names = text(dataset.attrs["DimensionNames"]).split(",")
    if names is None:
        names = ["time", "lon", "lat"][-dataset.ndim :]
    order = tuple(AXIS_NAMES.get(name.strip().lower(), name) for name in names)
    expected = {*order, "time"} == {"time", "lat", "lon"} and len(order) == dataset.ndim
    if not expected or ("time" not in order and sizes["time"] > 1):
        raise DamagedFile(
            path, f"the dimensions of {dataset.name} are {', '.join(names)}", PRODUCER
        )
    if dataset.shape != tuple(sizes[name] for name in order):
        axes = ", ".join(f"{name} {sizes[name]}" for name in order)
        raise DamagedFile(
            path, f"the shape of {dataset.name} is {dataset.shape}, not that of {axes}", PRODUCER
        )
    return order


def _scale_names(dataset: h5py.Dataset) -> list[str] | None:
    """Names of the scales attached to the dimensions; None if a dimension has none."""
    if "DIMENSION_LIST" not in dataset.attrs:
        return None
    scales = dataset.attrs["DIMENSION_LIST"]
    if not all(map(len, scales)):
        return None
    paths = [h5py.h5r.get_name(one[0], dataset.id) for one in scales]
    if None in paths:  # the scales were not copied with the variable
        return None
    return [text(path).rpartition("/")[2] for path in paths]


def decode(
    raw: np.ndarray,
    written: np.ndarray,
    dataset: h5py.Dataset,
    kind: Kind,
    path: Path | str,
) -> Decoded:
    """Decode stored values by their attributes.

    Args:
        raw: Stored values.
        written: Whether each value was written to the file.
        dataset: The variable, for its attributes.
        kind: Kind of the field.
        path: Path of the file, for error messages.

    Returns:
        Values, dims as `raw`; NaN where a value was not written, is a fill value, or is outside the
        valid range of the attributes or of the field.

    Raises:
        DamagedFile: The unit is not one of the field, or the scale is not a number.
    """
    attributes = _attributes(dataset)
    if text(attributes.get("_Unsigned", "")).lower() == "true" and raw.dtype.kind == "i":
        raw = raw.view(raw.dtype.str.replace("i", "u"))
    scale, offset = (
        _number(attributes[name]) if name in attributes else default
        for name, default in (("scale_factor", 1.0), ("add_offset", 0.0))
    )
    if not (np.isfinite(scale) and scale > 0 and np.isfinite(offset)):
        raise DamagedFile(
            path, f"{dataset.name} has scale_factor {scale} and add_offset {offset}", PRODUCER
        )
    factor = 1.0 if kind.unit is None else _unit_factor(attributes, kind.unit, dataset.name, path)
    packed = (scale, offset, factor) != (1.0, 0.0, 1.0)
    with np.errstate(over="ignore"):
        values = ((raw * scale + offset) * factor if packed else raw).astype(np.float32)
    fills = _fill_values(raw.dtype, attributes)
    good = (values >= kind.low) & (values <= kind.high) & written
    for fill in fills[(fills * scale + offset) * factor >= kind.low]:
        good &= raw != fill
    low, high = _valid_range(attributes)
    if (low, high) != (-np.inf, np.inf):
        good &= (raw >= low) & (raw <= high)
    if kind.whole:
        good &= values == np.round(values)
    if good.all():
        return Decoded(values, 0)
    bad = ~good
    rejected = raw[bad]
    missing = np.isin(rejected, fills) | ~written[bad] | np.isnan(rejected)
    if not packed:
        missing |= (rejected >= FILL_RANGE[0]) & (rejected <= FILL_RANGE[1])
    values[bad] = np.nan
    return Decoded(values, int(np.count_nonzero(~missing)))


def _fill_values(dtype: np.dtype, attributes: Mapping[str, Any]) -> np.ndarray:
    """Fill values of the attributes, in the precision of the data: −9999.9 is −9999.900391."""
    fills = np.array([_number(attributes[name]) for name in FILL_ATTRIBUTES if name in attributes])
    with np.errstate(over="ignore"):
        return np.unique(fills.astype(dtype) if dtype.kind == "f" else fills)


def _valid_range(attributes: Mapping[str, Any]) -> tuple[float, float]:
    """Range of the stored values that the attributes state."""
    low, high = -np.inf, np.inf
    if "valid_range" in attributes:
        low, high = (_number(value) for value in np.ravel(attributes["valid_range"])[:2])
    return (
        max(low, _number(attributes.get("valid_min", low))),
        min(high, _number(attributes.get("valid_max", high))),
    )


def _number(value: Any) -> float:
    """Number in an attribute, which may be an array or text."""
    first = np.ravel(value)[0]
    return float(text(first) if isinstance(first, bytes | str) else first)


def _attributes(dataset: h5py.Dataset) -> dict[str, Any]:
    """Attributes of a variable that describe its values."""
    attributes = dataset.attrs  # made at each access
    return {name: attributes[name] for name in attributes if name in VALUE_ATTRIBUTES}


def _unit_factor(attributes: Mapping[str, Any], target: str, name: str, path: Path | str) -> float:
    """Factor from the unit of a variable to that of the field; a missing unit is the field's."""
    stated = [text(attributes[key]) for key in ("units", "Units") if key in attributes]
    factors = {_factor(unit, target) for unit in stated if unit.strip()}
    if len(factors) > 1 or None in factors:
        raise DamagedFile(
            path, f"the unit of {name} is {' and '.join(map(repr, stated))}", PRODUCER
        )
    return next((factor for factor in factors if factor is not None), 1.0)


def _factor(unit: str, target: str) -> float | None:
    """Factor from one unit to another; None if it is of another kind."""
    if target != "mm h-1":
        return unit_factor(unit, target)
    rate = rain_unit(unit)
    return None if rate is None or rate.is_amount else rate.factor


def is_daily(dataset: h5py.Dataset) -> bool:
    """Whether the unit of a variable is an amount of rain in a day."""
    rate = rain_unit(text(dataset.attrs.get("units", "")))
    return rate is not None and rate == rain_unit("mm/day")
