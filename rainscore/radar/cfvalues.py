"""Values of a variable by the CF conventions: missing, valid range, packing (CF 2.5, 8.1)."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rainscore.errors import DamagedFile

DEFAULT_FILL = {
    "f4": 9.969209968386869e36,
    "f8": 9.969209968386869e36,
    "i2": -32767,
    "u2": 65535,
    "i4": -2147483647,
    "u4": 4294967295,
    "i8": -9223372036854775806,
    "u8": 18446744073709551614,
}
"""Values of the NetCDF library where nothing was written and `_FillValue` is absent, by type."""


REMEDY = "correct the file, or ask its producer for a correct one"
"""Remedy for a file that can be read, but contradicts the conventions."""


def cf_error(file: Path | str, reason: object) -> DamagedFile:
    """Error for a file that can be read but has no rain by the CF conventions."""
    return DamagedFile(file, f"no rain by the CF conventions ({reason})", REMEDY)


def decode(raw: np.ndarray, attributes: Mapping[str, Any], file: Path | str) -> np.ndarray:
    """Decode the stored values of a variable.

    Args:
        raw: Stored integers or floats, any shape.
        attributes: Attributes of the variable.
        file: File, for error messages.

    Returns:
        Float64 of the same shape; NaN where the value is `_FillValue`, `missing_value`, outside of
        `valid_range`, `valid_min` or `valid_max`, or not finite.

    Raises:
        DamagedFile: The values are not numbers, or one of these attributes or the packing is not;
            the scale must be positive.
    """
    if raw.dtype.kind not in "iuf":
        raise cf_error(file, f"values of type {raw.dtype} are not numbers")
    if attributes.get("_Unsigned") == "true" and raw.dtype.kind == "i":
        raw = raw.view(raw.dtype.str.replace("i", "u"))
    scale, offset = (
        _number(attributes, name, default, file)
        for name, default in (("scale_factor", 1.0), ("add_offset", 0.0))
    )
    if not (np.isfinite(offset) and 0 < scale < np.inf):
        raise cf_error(file, f"scale_factor {scale:g}, add_offset {offset:g}")
    values = raw.astype(np.float64) * scale + offset
    missing = ~np.isfinite(values)
    for code in missing_codes(attributes, raw.dtype, file):
        missing |= raw == code
    for low, high, is_packed in _ranges(attributes, raw.dtype, file):
        compared = raw if is_packed else values
        missing |= (compared < low) | (compared > high)
    values[missing] = np.nan
    return values


def missing_codes(
    attributes: Mapping[str, Any], dtype: np.dtype, file: Path | str
) -> list[np.generic]:
    """Stored values that mean missing, in the type of the stored values."""
    codes = list(_numbers(attributes, "_FillValue", file))
    if not codes and dtype.str[1:] in DEFAULT_FILL:
        codes = [DEFAULT_FILL[dtype.str[1:]]]
    codes += _numbers(attributes, "missing_value", file)
    if dtype.kind == "f":
        return [dtype.type(code) for code in codes]
    size = 8 * dtype.itemsize
    # A signed code of unsigned values (NetCDF 3) has the same bits.
    wrapped = [int(c) % 2**size if dtype.kind == "u" else int(c) for c in codes if c == c // 1]
    limits = np.iinfo(dtype)
    return [dtype.type(code) for code in wrapped if limits.min <= code <= limits.max]


def _ranges(
    attributes: Mapping[str, Any], dtype: np.dtype, file: Path | str
) -> Iterator[tuple[float, float, bool]]:
    """Valid ranges, and whether they apply to the stored values rather than to the unpacked."""
    is_packed_variable = "scale_factor" in attributes or "add_offset" in attributes
    for name in ("valid_range", "valid_min", "valid_max"):
        limits = list(_numbers(attributes, name, file))
        if not limits:
            continue
        if len(limits) != (2 if name == "valid_range" else 1):
            raise cf_error(file, f"{name} has {len(limits)} values")
        kind = np.asarray(attributes[name]).dtype.kind
        is_packed = not (is_packed_variable and dtype.kind in "iu" and kind == "f")
        if is_packed and dtype.kind == "u":  # signed limits of unsigned values, as for the codes
            limits = [limit % 2 ** (8 * dtype.itemsize) if limit < 0 else limit for limit in limits]
        low = limits[0] if name != "valid_max" else -np.inf
        high = limits[-1] if name != "valid_min" else np.inf
        yield low, high, is_packed


def _number(attributes: Mapping[str, Any], name: str, default: float, file: Path | str) -> float:
    """Number of an attribute, or the default if it is absent."""
    numbers = list(_numbers(attributes, name, file))
    if name in attributes and len(numbers) != 1:
        raise cf_error(file, f"{name} has {len(numbers)} values")
    return float(numbers[0]) if numbers else default


def _numbers(attributes: Mapping[str, Any], name: str, file: Path | str) -> Iterator[float]:
    """Numbers of an attribute, none if it is absent."""
    if name not in attributes:
        return
    values = np.asarray(attributes[name])
    if values.dtype.kind not in "iuf" or values.ndim > 1 or values.size > 1000:
        raise cf_error(file, f"{name} is not a number: {str(attributes[name])[:40]!r}")
    yield from values.reshape(-1).tolist()
