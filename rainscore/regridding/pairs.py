"""Pairs of IMERG and radar on the study grid, one per half-hour or, for hourly radar, per hour."""

import logging

import dask
import dask.array as da
import numpy as np
import pandas as pd
import xarray as xr

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.grids import Grid
from rainscore.imerg.manifests import STATES
from rainscore.imerg.reader import FIELDS, read_granule
from rainscore.regridding.conservative import Weights
from rainscore.regridding.hourly import HOURLY, hour_means
from rainscore.regridding.radarreader import RadarReader
from rainscore.times import HOUR

STATE_CODES = {state: code for code, state in enumerate(STATES)}
"""Codes of the states in a pair file."""


MAPS_PER_WRITE = 24
"""Half-hours that are read, regridded and written together."""


STUDY_GRID_ATTRIBUTES = {
    name: {"units": unit, "long_name": long_name, "grid_mapping": "crs"}
    for name, unit, long_name in (
        ("imerg", "mm h-1", "IMERG on the study grid"),
        ("radar", "mm h-1", "radar, half-hour mean"),
        ("radar_valid", "1", "share of valid radar frames and area"),
    )
}
"""Attributes of the variables on the study grid, by name."""


log = logging.getLogger("rainscore")


def month_pair(
    times: np.ndarray, granules: pd.DataFrame, radar: RadarReader, weights: Weights
) -> xr.Dataset:
    """Lazy dataset of the pairs of a month; writing it reads each granule and frame once.

    Args:
        times: Half-hour starts, dims (time,); whole hours if the radar is hourly.
        granules: Manifest of IMERG with absolute file names.
        radar: Reader of the radar, with the study grid as its target.
        weights: Weights from IMERG's cells to the study grid.

    Returns:
        Pair dataset (docs/contracts.md): `imerg`, `radar` [mm/h] and `radar_valid` [1], dims
        (time, y, x) on the study grid; the fields of `reader.FIELDS`, dims (time, lat, lon);
        `imerg_state` and `radar_state`, dims (time,). NaN where missing. With hourly radar, the
        radar of an hour and the means of IMERG over it (`HOURLY`) are in the first half-hour.
    """
    cells, grid = weights.source, weights.target
    hourly = radar.settings.period == HOUR
    if hourly and (times.size % 2 or times[0] != times[0].astype("datetime64[h]")):
        raise ValueError("pairs with hourly radar need whole hours")
    rows = granules.set_index("time")
    chunks = [times[i : i + MAPS_PER_WRITE] for i in range(0, times.size, MAPS_PER_WRITE)]
    parts = [dask.delayed(_read_chunk)(chunk, rows, radar, weights) for chunk in chunks]

    def lazy(name: str, shape: tuple[int, ...], dtype: str = "float32") -> da.Array:
        blocks = [
            da.from_delayed(part[name], (chunk.size, *shape), dtype)
            for part, chunk in zip(parts, chunks, strict=True)
        ]
        return da.concatenate(blocks)

    variables: dict[str, tuple] = {
        name: (("time", "y", "x"), lazy(name, grid.shape), attrs)
        for name, attrs in STUDY_GRID_ATTRIBUTES.items()
    }
    for name, (unit, text) in FIELDS.items():
        attrs = {"units": unit, "long_name": text}
        variables[name] = (("time", "lat", "lon"), lazy(name, cells.shape), attrs)
    for name, half_hourly in HOURLY.items() if hourly else ():
        dims, values, attrs = variables[half_hourly]
        text = f"{attrs['long_name']}, mean of the hour"
        variables[name] = (dims, lazy(name, values.shape[1:]), {**attrs, "long_name": text})
    for name in ("imerg_state", "radar_state"):
        variables[name] = (("time",), lazy(name, (), "int8"), _flags(name))
    coords = {
        "time": ("time", times, {"long_name": "start of the half-hour", "standard_name": "time"}),
        "lat": ("lat", cells.y, {"units": "degrees_north", "standard_name": "latitude"}),
        "lon": ("lon", cells.x, {"units": "degrees_east", "standard_name": "longitude"}),
    }
    period = "hour by hour" if hourly else "half-hour by half-hour"
    title = {"title": f"IMERG and radar, {period}", "Conventions": "CF-1.11"}
    grids = {"grid": grid.to_json(), "cells": cells.to_json()}
    return xr.Dataset(variables | grid.cf, coords, title | grids)


def _flags(name: str) -> dict:
    return {
        "long_name": name.replace("_", " "),
        "flag_values": np.array(list(STATE_CODES.values()), dtype=np.int8),
        "flag_meanings": " ".join(STATE_CODES),
    }


def _read_chunk(
    times: np.ndarray, granules: pd.DataFrame, radar: RadarReader, weights: Weights
) -> dict[str, np.ndarray]:
    """Variables of a chunk of half-hours, as arrays with `time` as first dim."""
    n, cells, grid = times.size, weights.source, weights.target
    hourly = radar.settings.period == HOUR
    out: dict[str, np.ndarray] = {
        name: np.full((n, *cells.shape), np.nan, np.float32) for name in FIELDS
    }
    out["radar"] = np.full((n, *grid.shape), np.nan, np.float32)
    out["radar_valid"] = np.zeros((n, *grid.shape), np.float32)
    out["imerg_state"] = np.full(n, STATE_CODES["missing"], np.int8)
    out["radar_state"] = np.full(n, STATE_CODES["missing"], np.int8)
    for i, time in enumerate(times):
        if time in granules.index:
            out["imerg_state"][i] = _read_fields(granules.loc[time], cells, time, i, out)
        if hourly and i % 2:  # the radar of the hour is in its first half-hour
            out["radar_state"][i] = out["radar_state"][i - 1]
            continue
        mean = radar.period_mean(time)
        if mean is not None:
            out["radar"][i], out["radar_valid"][i] = mean
            out["radar_state"][i] = STATE_CODES["present"]
        elif (radar.rows(time, time + radar.settings.period)["state"] != "missing").any():
            out["radar_state"][i] = STATE_CODES["damaged"]
    out["imerg"], _ = weights.apply(out["precipitation"], min_valid=0.5)
    for name, half_hourly in HOURLY.items() if hourly else ():
        out[name] = hour_means(out[half_hourly])
    return out


def _read_fields(row: pd.Series, cells: Grid, time, i: int, out: dict[str, np.ndarray]) -> int:
    """Read the fields of a granule into row `i` of the arrays; return the code of its state."""
    if row["state"] != "present":
        return STATE_CODES[row["state"]]
    try:
        granule = read_granule(row["file"], cells, time=time)
    except DamagedFile as error:
        log.warning("granule not used: %s", error)
        return STATE_CODES["damaged"]
    if granule["time"].values != time:
        raise RainscoreError(
            f"{row['file']}: its time is {granule['time'].values}, but {time} in the manifest; "
            "delete the manifest, and rerun"
        )
    for name in FIELDS:
        out[name][i] = granule[name].values
    return STATE_CODES["present"]
