"""Pairs of IMERG and radar on the study grid, half-hour by half-hour."""

import logging

import dask
import dask.array as da
import numpy as np
import pandas as pd
import xarray as xr

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.grids import Grid
from rainscore.imerg.reader import FIELDS, read_granule
from rainscore.regridding.conservative import Weights
from rainscore.regridding.radarreader import RadarReader

STATES = {"present": 0, "missing": 1, "damaged": 2}


MAPS_PER_CHUNK = 24


log = logging.getLogger("rainscore")


def month_pair(
    times: np.ndarray, granules: pd.DataFrame, radar: RadarReader, weights: Weights
) -> xr.Dataset:
    """Lazy dataset of a month's pairs; each chunk of half-hours is read once, when it is written.

    Args:
        times: Half-hour starts, dims (time,).
        granules: Manifest of IMERG with absolute file names.
        radar: Reader of the radar on the study grid.
        weights: From IMERG's own cells to the study grid.

    Returns:
        The pair dataset of docs/contracts.md: `imerg`, `radar`, `radar_valid` (time, y, x) on the
        grid [mm/h, mm/h, 1] and IMERG's fields (time, lat, lon); NaN is missing.
    """
    cells, grid = weights.source, weights.target
    rows = granules.set_index("time")
    chunks = [times[i : i + MAPS_PER_CHUNK] for i in range(0, times.size, MAPS_PER_CHUNK)]
    parts = [dask.delayed(_read_chunk)(chunk, rows, radar, weights) for chunk in chunks]

    def lazy(name: str, shape: tuple[int, ...], dtype: str = "float32") -> da.Array:
        blocks = [
            da.from_delayed(part[name], (chunk.size, *shape), dtype)
            for part, chunk in zip(parts, chunks, strict=True)
        ]
        return da.concatenate(blocks)

    variables = {
        "imerg": (("time", "y", "x"), lazy("imerg", grid.shape), _rate("IMERG on the study grid")),
        "radar": (("time", "y", "x"), lazy("radar", grid.shape), _rate("radar, half-hour mean")),
        "radar_valid": (
            ("time", "y", "x"),
            lazy("radar_valid", grid.shape),
            {
                "units": "1",
                "long_name": "share of valid radar frames and area",
                "grid_mapping": "crs",
            },
        ),
        **{
            name: (
                ("time", "lat", "lon"),
                lazy(name, cells.shape),
                {"units": unit, "long_name": text},
            )
            for name, (unit, text) in FIELDS.items()
        },
        **{
            name: (("time",), lazy(name, (), "int8"), _flags(name))
            for name in ("imerg_state", "radar_state")
        },
    }
    coords = {
        "time": ("time", times, {"long_name": "start of the half-hour", "standard_name": "time"}),
        "lat": ("lat", cells.y, {"units": "degrees_north", "standard_name": "latitude"}),
        "lon": ("lon", cells.x, {"units": "degrees_east", "standard_name": "longitude"}),
    }
    attrs = {"grid": grid.to_json(), "cells": cells.to_json()}
    title = {"title": "IMERG and radar, half-hour by half-hour", "Conventions": "CF-1.11"}
    return xr.Dataset(variables | grid.cf, coords, title | attrs)


def _rate(name: str) -> dict:
    return {"units": "mm h-1", "long_name": name, "grid_mapping": "crs"}


def _flags(name: str) -> dict:
    return {
        "long_name": name.replace("_", " "),
        "flag_values": np.array(list(STATES.values()), dtype=np.int8),
        "flag_meanings": " ".join(STATES),
    }


def _read_chunk(
    times: np.ndarray, granules: pd.DataFrame, radar: RadarReader, weights: Weights
) -> dict[str, np.ndarray]:
    """All variables of a chunk of half-hours, as arrays (time, …)."""
    n, cells, grid = times.size, weights.source, weights.target
    out: dict[str, np.ndarray] = {
        name: np.full((n, *cells.shape), np.nan, np.float32) for name in FIELDS
    }
    out["radar"] = np.full((n, *grid.shape), np.nan, np.float32)
    out["radar_valid"] = np.zeros((n, *grid.shape), np.float32)
    out["imerg_state"] = np.full(n, STATES["missing"], np.int8)
    out["radar_state"] = np.full(n, STATES["missing"], np.int8)
    for i, time in enumerate(times):
        if time in granules.index:
            out["imerg_state"][i] = _read_fields(granules.loc[time], cells, time, i, out)
        mean = radar.half_hour(time)
        if mean is not None:
            out["radar"][i], out["radar_valid"][i] = mean
            out["radar_state"][i] = STATES["present"]
    out["imerg"], _ = weights.apply(out["precipitation"], min_valid=0.5)
    return out


def _read_fields(row: pd.Series, cells: Grid, time, i: int, out: dict[str, np.ndarray]) -> int:
    """Put a granule's fields at place `i` and return its state."""
    if row["state"] != "present":
        return STATES[row["state"]]
    try:
        granule = read_granule(row["file"], cells)
    except DamagedFile as error:
        log.warning("left out: %s", error)
        return STATES["damaged"]
    if granule["time"].values != time:
        raise RainscoreError(f"{row['file']}: holds {granule['time'].values}, the manifest {time}")
    for name in FIELDS:
        out[name][i] = granule[name].values
    return STATES["present"]
