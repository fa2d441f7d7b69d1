"""Simulated fields as the dataset of a granule."""

import numpy as np
import xarray as xr

from rainscore.grids import Grid

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
"""Fields of a simulated granule and their units."""


def granule_dataset(fields: dict[str, np.ndarray], half_hour: int, cells: Grid) -> xr.Dataset:
    """The dataset of a half-hour, as `simulate_imerg` yields it.

    Args:
        fields: By name (`UNITS`), dims (lat, lon), NaN missing.
        half_hour: Half-hours since 1970.
        cells: IMERG's cells.
    """
    variables = {
        name: (("lat", "lon"), values.astype(np.float32), {"units": UNITS[name]})
        for name, values in fields.items()
    }
    time = np.datetime64(half_hour * 30, "m").astype("datetime64[ns]")
    lat, lon = (np.round(axis, 2) for axis in (cells.y, cells.x))
    return xr.Dataset(variables, coords={"time": time, "lat": lat, "lon": lon})
