"""Runs, fields and dataset of the simulated granules."""

import numpy as np
import xarray as xr

from rainscore.grids import Grid

RUNS = ("early", "late", "final")
"""Runs of IMERG, by increasing latency."""

UNITS = {
    "precipitation": "mm/h",
    "precipitation_uncal": "mm/h",
    "mw_precipitation": "mm/h",
    "mw_source": "1",
    "mw_minute": "min",
    "ir_precipitation": "mm/h",
    "ir_influence": "%",
    "liquid_probability": "%",
    "quality_index": "1",
    "random_error": "mm/h",
}
"""Units of the fields of a simulated granule."""


def start_of(half_hour: int) -> np.datetime64:
    """Start of a half-hour, counted since 1970."""
    return np.datetime64(half_hour * 30, "m").astype("datetime64[ns]")


def granule_dataset(fields: dict[str, np.ndarray], half_hour: int, cells: Grid) -> xr.Dataset:
    """Build the dataset of a half-hour.

    Args:
        fields: Fields by name (the keys of `UNITS`), dims (lat, lon), NaN where missing.
        half_hour: Half-hours since 1970.
        cells: IMERG's cells.

    Returns:
        Float32 variables with dims (lat, lon) and coordinates `time`, `lat`, `lon`.
    """
    variables = {
        name: (("lat", "lon"), values.astype(np.float32), {"units": UNITS[name]})
        for name, values in fields.items()
    }
    time = start_of(half_hour)
    lat, lon = (np.round(axis, 2) for axis in (cells.y, cells.x))
    return xr.Dataset(variables, coords={"time": time, "lat": lat, "lon": lon})
