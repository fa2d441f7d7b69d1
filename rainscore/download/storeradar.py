"""Hourly radar of the United States (MRMS) from an open Icechunk store, in NetCDF of a day each."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.download.storecatalogue import StoreSettings
from rainscore.download.storemonths import Fields, StoreRequest, fetch_maps
from rainscore.grids import Grid
from rainscore.io import write_netcdf
from rainscore.times import HOUR

MARGIN = 0.05
"""Margin around the study grid [degrees]."""


def radar_request(
    settings: StoreSettings, target: Grid, *, timestamp_convention: str
) -> StoreRequest:
    """Request for the hours of the radar over a study grid.

    Args:
        settings: Settings of the store.
        target: The study grid.
        timestamp_convention: Part of the hour that the store's time marks: `end`, which is also
            that of `format`, or `start`.
    """
    lon, lat = target.lonlat
    middle = float(lon[target.ny // 2, target.nx // 2])
    lon = middle + (lon - middle + 180) % 360 - 180  # continuous across the date line
    bounds = (
        float(lon.min()) - MARGIN, float(lat.min()) - MARGIN,
        float(lon.max()) + MARGIN, float(lat.max()) + MARGIN,
    )  # fmt: skip
    shift = 0 if timestamp_convention == "start" else 60
    return StoreRequest(settings, bounds, step_minutes=60, shift_minutes=shift)


def fetch_hours(
    folder: Path, start: np.datetime64 | str, end: np.datetime64 | str, *,
    settings: StoreSettings, target: Grid, timestamp_convention: str = "format",
) -> pd.DataFrame:  # fmt: skip
    """Download the hours of a period and write a NetCDF file for each day.

    Args:
        folder: Folder of the files, with the name of the month.
        start, end: Period [start, end) of the starts of the hours, UTC.
        settings, target, timestamp_convention: See `radar_request`.

    Returns:
        Manifest of the format `netcdf`, see `storemonths.fetch_maps`.

    Raises:
        ArchiveBusy, DomainError, RainscoreError: See `storemonths.fetch_maps`.
    """
    request = radar_request(settings, target, timestamp_convention=timestamp_convention)
    title = f"{settings.rain} of {settings.dataset}"
    return fetch_maps(folder, start, end, request, partial(_write_day, title=title))


def _write_day(
    folder: Path, times: np.ndarray, fields: Fields, grid: Grid, *, title: str
) -> list[dict]:
    """Write the hours of a day to one file."""
    bounds = np.stack([times, times + HOUR], axis=1)
    attributes = {
        "units": "mm h-1", "standard_name": "rainfall_rate", "long_name": "radar, hourly mean",
        "cell_methods": "time: mean",
    }  # fmt: skip
    dataset = xr.Dataset(
        {
            "rain": (("time", "lat", "lon"), fields["rain"], attributes),
            "time_bounds": (("time", "end"), bounds),
        },
        {
            "time": ("time", times, {"standard_name": "time", "bounds": "time_bounds"}),
            "lat": ("lat", grid.y, {"units": "degrees_north", "standard_name": "latitude"}),
            "lon": ("lon", grid.x, {"units": "degrees_east", "standard_name": "longitude"}),
        },
        {"title": title, "Conventions": "CF-1.11"},
    )
    minutes = {"units": "minutes since 2000-01-01", "dtype": "int32"}
    dataset["time"].encoding = dataset["time_bounds"].encoding = minutes
    name = f"radar-{str(times[0])[:10]}.nc"
    write_netcdf(dataset, folder / name)
    return [{"file": name, "index": i, "version": "netcdf"} for i in range(times.size)]
