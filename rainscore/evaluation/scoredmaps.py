"""Reader of the files of `rainscore score`: rain and predicted scores around stations."""

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import xarray as xr

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.grids import Grid
from rainscore.hdf5arrays import MAX_VALUES

log = logging.getLogger("rainscore")

FIELDS = ("precipitation", "score", "hidden_rain_probability")
"""Fields of a scored map that are compared with gauges."""

ATTRIBUTES = ("score", "world", "version", "trained_on", "model_unet_sha256")
"""Attributes of a scored map that are read."""

UNREADABLE = (OSError, KeyError, ValueError, TypeError, RuntimeError, pyproj.exceptions.CRSError)
"""What xarray, h5netcdf, json and pyproj raise for a file that is not a scored map."""

SQUARE_KM = 50
"""Side of the square of the wet share; the nearest odd number of pixels is taken [km]."""


@dataclass(frozen=True)
class ScoredMap:
    """Scored map of one half-hour.

    Attributes:
        path: The file.
        time: Start of the half-hour, UTC, datetime64[ns].
        grid: Grid of the fields.
        fields: `FIELDS` and further variables by name, dims (y, x), NaN where missing.
        attributes: `ATTRIBUTES`.
    """

    path: Path
    time: np.datetime64
    grid: Grid
    fields: dict[str, np.ndarray]
    attributes: dict[str, str]

    @property
    def wet_threshold(self) -> float:
        """Rates at or above it are wet [mm/h]."""
        return float(json.loads(self.attributes["score"])["wet_threshold_mm_h"])

    @property
    def window_km(self) -> float:
        """Side of the square of the effective area of a window [km]."""
        return float(json.loads(self.attributes["score"])["window_km"])


def list_maps(paths: Iterable[Path]) -> list[Path]:
    """Files of scored maps: the given ones, and the NetCDF files of the given folders.

    Raises:
        RainscoreError: There is none, or a path does not exist.
    """
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise RainscoreError(f"{path}: there is no such scored map or folder")
        files += sorted(path.glob("*.nc")) if path.is_dir() else [path]
    if not files:
        raise RainscoreError("there is no scored map; make some with `rainscore score`")
    return list(dict.fromkeys(files))


def read_scored_map(path: Path, further: Sequence[str] = ()) -> ScoredMap:
    """Read a scored map.

    Args:
        path: NetCDF file of `rainscore score`.
        further: Further variables to read, dims (y, x).

    Raises:
        DamagedFile: The file is not a scored map of a window.
    """
    try:
        with xr.open_dataset(path, engine="h5netcdf") as data:
            if "window_lat" in data:
                raise DamagedFile(
                    path,
                    "it is a scored globe",
                    "score the area of the gauges with --bbox or --centre",
                )
            grid = Grid.from_json(data.attrs["grid"])
            pyproj.CRS(grid.crs)
            names = (*FIELDS, *further)
            wrong = [name for name in names if data[name].shape != grid.shape]
            if wrong or not 0 < grid.size <= MAX_VALUES:
                raise ValueError(f"{', '.join(wrong) or 'its grid'} has another shape")
            fields = {name: data[name].to_numpy() for name in names}
            attributes = {name: str(data.attrs[name]) for name in ATTRIBUTES}
            time = np.datetime64(data["time"].item(), "ns")
            scored = ScoredMap(path, time, grid, fields, attributes)
            if not (scored.wet_threshold > 0 and scored.window_km > 0) or np.isnat(time):
                raise ValueError("its score or its time is invalid")
    except UNREADABLE as error:
        raise DamagedFile(
            path, f"it is not a scored map ({error})", "make it with `rainscore score`"
        ) from error
    return scored


def read_real_maps(files: Sequence[Path], further: Sequence[str] = ()) -> Iterator[ScoredMap]:
    """Scored maps of real half-hours, one after another; simulated ones are left out.

    Raises:
        DamagedFile: A file is not a scored map.
        RainscoreError: All maps are simulated, two are of one half-hour, or their models or score
            differ.
    """
    by_time: dict[np.datetime64, Path] = {}
    simulated, reference = 0, None
    for path in files:
        scored = read_scored_map(path, further)
        if scored.attributes["world"] == "simulated":
            simulated += 1
            continue
        other = by_time.setdefault(scored.time, path)
        if other != path:
            raise RainscoreError(f"{other} and {path} are of the same half-hour: give one of them")
        reference = reference or scored
        for name in ("score", "model_unet_sha256"):
            if scored.attributes[name] != reference.attributes[name]:
                raise RainscoreError(
                    f"{reference.path} and {path} differ in the attribute {name}: give maps of one "
                    "model"
                )
        yield scored
    if simulated:
        log.warning("%d simulated maps are left out, gauges are real", simulated)
    if reference is None:
        raise RainscoreError("all scored maps are simulated; gauges need maps of real granules")


class Stations:
    """Positions of stations on the grids of scored maps.

    Args:
        table: Columns longitude and latitude [degrees].
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self._lonlat = table["longitude"].to_numpy(float), table["latitude"].to_numpy(float)
        self._pixels: dict[Grid, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}

    def on(self, grid: Grid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row and column of each station's pixel, and whether it is inside; dims (station,)."""
        if grid not in self._pixels:
            to_grid = pyproj.Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True)
            x, y = (np.nan_to_num(v, posinf=np.nan) for v in to_grid.transform(*self._lonlat))
            column, row = (x - grid.x0) / grid.dx, (y - grid.y0) / grid.dy
            inside = (row >= 0) & (row < grid.ny) & (column >= 0) & (column < grid.nx)
            pixel = (np.where(inside, index, 0).astype(int) for index in (row, column))
            self._pixels[grid] = (*pixel, inside)
        return self._pixels[grid]


def sample_map(scored: ScoredMap, stations: Stations) -> dict[str, np.ndarray]:
    """Values of a scored map at stations.

    Returns:
        By name, dims (station,), NaN outside the map: the fields at the pixel of the station;
        `window_rain`, the mean rain of the window of the score around it [mm/h]; `wet_share` of
        the wet pixels of a square of about `SQUARE_KM` [1].
    """
    row, column, inside = stations.on(scored.grid)
    values = {name: field[row, column] for name, field in scored.fields.items()}
    window, square = _kernels(scored)
    reach = len(window) // 2
    padded = np.pad(scored.fields["precipitation"], reach, constant_values=np.nan)
    offset = np.arange(2 * reach + 1)
    around = padded[row[:, None, None] + offset[:, None], column[:, None, None] + offset]
    wet = np.where(np.isfinite(around), around >= np.float32(scored.wet_threshold), np.nan)
    values["window_rain"] = _weighted_mean(around, window)
    values["wet_share"] = _weighted_mean(wet, square)
    return {name: np.where(inside, field, np.nan) for name, field in values.items()}


def _kernels(scored: ScoredMap) -> tuple[np.ndarray, np.ndarray]:
    """Weights of the window of the score and of the square of the wet share, one shape.

    The window is that of `cellwindows.CellWindows`, at the centres of pixels.
    """
    step = abs(scored.grid.dx)
    deviation = scored.window_km * 1e3 / np.sqrt(4 * np.pi)
    limit = scored.window_km * 1e3 / np.sqrt(2)
    half = max(round((SQUARE_KM * 1e3 / step - 1) / 2), 0)
    reach = max(int(limit // step), half)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    squared = (x**2 + y**2) * step**2
    window = np.where(squared <= limit**2 * (1 + 1e-9), np.exp(-squared / (2 * deviation**2)), 0)
    square = (np.maximum(abs(x), abs(y)) <= half).astype(float)
    return window, square


def _weighted_mean(around: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean of the available pixels, dims (station, y, x) to (station,)."""
    valid = np.isfinite(around)
    total = (np.where(valid, around, 0) * weights).sum(axis=(1, 2))
    weight = (valid * weights).sum(axis=(1, 2))
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1), np.nan)
