"""Decoding of the values of IMERG variables by their attributes."""

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rainscore.errors import DamagedFile
from rainscore.hdf5arrays import Array, read_attributes
from rainscore.hdf5files import PRODUCER, text
from rainscore.rainunits import rain_unit, unit_factor


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


class Decoded(NamedTuple):
    """Values of a field over some cells.

    Attributes:
        values: Dims (lat, lon), latitude ascending, float32, NaN where missing.
        out_of_range: Number of values that were outside the range of the field.
    """

    values: np.ndarray
    out_of_range: int


class Coding(NamedTuple):
    """Relation of stored values to values of the field, (stored × scale + offset) × factor.

    Attributes:
        scale, offset: Of the attributes `scale_factor` and `add_offset`.
        factor: From the unit of the file to that of the field.
        fills: Stored values that mean missing.
        low, high: Valid range of the stored values.
    """

    scale: float
    offset: float
    factor: float
    fills: tuple[float, ...]
    low: float
    high: float


def decode(
    raw: np.ndarray,
    written: np.ndarray,
    dataset: Array,
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
    attributes = read_attributes(dataset, VALUE_ATTRIBUTES)
    if text(attributes.get("_Unsigned", "")).lower() == "true" and raw.dtype.kind == "i":
        raw = raw.view(raw.dtype.str.replace("i", "u"))
    coding = _coding(attributes, raw.dtype, kind.unit, dataset.name, path)
    scale, offset, factor, fills, low, high = coding
    packed = (scale, offset, factor) != (1.0, 0.0, 1.0)
    with np.errstate(over="ignore"):
        values = ((raw * scale + offset) * factor if packed else raw).astype(np.float32)
    good = (values >= kind.low) & (values <= kind.high) & written
    for fill in fills:
        if (fill * scale + offset) * factor >= kind.low:
            good &= raw != fill
    if (low, high) != (-np.inf, np.inf):
        good &= (raw >= low) & (raw <= high)
    if kind.whole:
        good &= values == np.round(values)
    if good.all():
        return Decoded(values, 0)
    bad = ~good
    rejected = raw[bad]
    missing = ~written[bad] | np.isnan(rejected)
    for fill in fills:
        missing |= rejected == fill
    if not packed:
        missing |= (rejected >= FILL_RANGE[0]) & (rejected <= FILL_RANGE[1])
    values[bad] = np.nan
    return Decoded(values, int(np.count_nonzero(~missing)))


def _coding(
    attributes: Mapping[str, Any], dtype: np.dtype, unit: str | None, name: str, path: Path | str
) -> Coding:
    """Coding of a variable with a dtype, for a field in a unit."""
    scale = _number(attributes.get("scale_factor", 1.0))
    offset = _number(attributes.get("add_offset", 0.0))
    if not (isfinite(scale) and scale > 0 and isfinite(offset)):
        raise DamagedFile(
            path, f"{name} has scale_factor {scale} and add_offset {offset}", PRODUCER
        )
    factor = 1.0 if unit is None else _unit_factor(attributes, unit, name, path)
    return Coding(scale, offset, factor, _fill_values(dtype, attributes), *_valid_range(attributes))


def _fill_values(dtype: np.dtype, attributes: Mapping[str, Any]) -> tuple[float, ...]:
    """Fill values of the attributes, in the precision of the data: −9999.9 is −9999.900391."""
    fills = {_number(attributes[name]) for name in FILL_ATTRIBUTES if name in attributes}
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            fills = {float(dtype.type(fill)) for fill in fills}
    return tuple(fills)


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
    """Number in an attribute, which may be an array of one value or text."""
    if isinstance(value, float):  # includes np.float64
        return value
    values = np.ravel(value)
    if values.size != 1 or values.dtype.kind not in "biufSUO":
        raise ValueError(f"an attribute has {values.size} values of type {values.dtype}, not one")
    first = values[0]
    return float(text(first) if isinstance(first, bytes | str) else first)


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


def is_daily(dataset: Array) -> bool:
    """Whether the unit of a variable is an amount of rain in a day."""
    rate = rain_unit(text(read_attributes(dataset, ["units"]).get("units", "")))
    return rate is not None and rate == rain_unit("mm/day")
