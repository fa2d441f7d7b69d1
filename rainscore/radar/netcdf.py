"""Radar precipitation in NetCDF or Zarr that follows the CF conventions."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pyproj
import xarray as xr

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.folders import list_files
from rainscore.grids import Grid
from rainscore.radar.accumulation import accumulation_hours

RATES = {
    "mm h-1": 1.0,
    "mm/h": 1.0,
    "mm/hr": 1.0,
    "mm hr-1": 1.0,
    "kg m-2 h-1": 1.0,
    "mm s-1": 3600.0,
    "mm/s": 3600.0,
    "kg m-2 s-1": 3600.0,
    "m s-1": 3.6e6,
}
"""Units of a rate, and the factor to mm/h."""


AMOUNTS = {"mm": 1.0, "kg m-2": 1.0, "m": 1000.0}
"""Units of an accumulation, and the factor to mm."""


AXES = {
    "T": ("T", "time"),
    "Y": ("Y", "latitude", "projection_y_coordinate", "lat", "y"),
    "X": ("X", "longitude", "projection_x_coordinate", "lon", "x"),
}
"""Values of CF's `axis` and `standard_name`, and dimension names, that identify each axis."""


SUFFIXES = (".nc", ".nc4", ".zarr")


METRES = {"m": 1.0, "metre": 1.0, "meter": 1.0, "metres": 1.0, "meters": 1.0, "km": 1000.0}
"""Units of a projected axis, and the factor to metres."""


@dataclass(frozen=True)
class CfRadar:
    """Reader of rain with dims (time, y, x), or (y, x) with a scalar time.

    Attributes:
        variable: Name of the variable; required where a file has several variables of rain.
        timestamp_convention: `start` or `end` of the accumulation; `file` uses the bounds of the
            time, and takes the time as the start where there are none.
        timestamp_reason: See `RadarFormat`.
    """

    variable: str = ""
    timestamp_convention: str = "file"
    timestamp_reason: str = "the time bounds of the file; without them, the time is the start"
    name: ClassVar[str] = "netcdf"
    has_quality: ClassVar[bool] = False

    def scan(self, folder: Path) -> pd.DataFrame:
        """List the frames in a folder (see `RadarFormat.scan`)."""
        parts = []
        for file in (f for f in list_files(folder, stores=(".zarr",)) if f.suffix in SUFFIXES):
            dataset = _open(str(file))
            if "time" not in dataset:
                raise _damaged(file, "no coordinate time")
            times = pd.DatetimeIndex(np.atleast_1d(dataset["time"].to_numpy())).as_unit("ns")
            if self.timestamp_convention == "file" and (bounds := _bounds(dataset)) is not None:
                times = pd.DatetimeIndex(bounds[:, 0]).as_unit("ns")
            parts.append(
                pd.DataFrame({"time": times, "file": str(file), "index": range(times.size)})
            )
        if not parts:
            return pd.DataFrame(
                {"time": pd.DatetimeIndex([]).as_unit("ns"), "file": "", "index": 0}
            )
        rows = pd.concat(parts).sort_values("time", ignore_index=True, kind="stable")
        if self.timestamp_convention == "end":
            rows["time"] -= rows["time"].diff().min()
        return rows

    def check(self, file: Path | str) -> None:
        """Raise DamagedFile if the file cannot be opened or has no rain."""
        self._rain(file)

    def read(self, file: Path | str, index: int = 0) -> np.ndarray:
        """Read a frame: dims (ny, nx), mm/h, float32, row 0 north, NaN where missing or negative.

        Raises:
            DamagedFile: The file is not of this format, or has no frame `index`.
        """
        rain = self._rain(file)
        frame = rain[index] if rain.ndim == 3 else rain
        try:
            values = frame.to_numpy().astype(np.float32)
        except (OSError, ValueError, RuntimeError, IndexError) as error:
            raise _damaged(file, error) from error
        unit = " ".join(str(rain.attrs.get("units", "")).split())
        factor = RATES[unit] if unit in RATES else AMOUNTS[unit] / _hours(_open(str(file)), file)
        rate = values * np.float32(factor)
        rate[rate < 0] = np.nan
        south_first = rain[rain.dims[-2]][0] < rain[rain.dims[-2]][-1]
        return rate[::-1] if south_first else rate

    def grid(self, file: Path | str) -> Grid:
        """Grid from the axes and the grid mapping; longitude and latitude without a mapping.

        Raises:
            DamagedFile: The axes are absent or not regular.
        """
        rain = self._rain(file)
        mapping = rain.attrs.get("grid_mapping") or rain.encoding.get("grid_mapping")
        crs, scale = "EPSG:4326", 1.0
        if mapping:
            attributes = _open(str(file))[mapping.split(":")[0]].attrs
            crs = pyproj.CRS.from_cf(attributes).to_wkt()
            scale = METRES.get(str(rain[rain.dims[-1]].attrs.get("units", "m")), 1.0)
        x, dx = _axis(rain, rain.dims[-1], scale, file)
        y, dy = _axis(rain, rain.dims[-2], scale, file)
        top = y + dy * (rain.shape[-2] - 1) if dy > 0 else y
        return Grid(
            crs, x - dx / 2, top + abs(dy) / 2, dx, -abs(dy), rain.shape[-1], rain.shape[-2]
        )

    def _rain(self, file: Path | str) -> xr.DataArray:
        """Variable of rain, lazy, with dims in the order (time, y, x)."""
        dataset = _open(str(file))
        if self.variable:
            names = [self.variable] if self.variable in dataset else []
        else:
            units = {n: " ".join(str(v.attrs.get("units", "")).split()) for n, v in dataset.items()}
            rain_units = RATES | AMOUNTS
            names = [
                str(n) for n, v in dataset.items() if units[n] in rain_units and v.ndim in (2, 3)
            ]
        if len(names) > 1:
            raise RainscoreError(
                f"{file} has several variables of rain ({', '.join(names)}): choose one, such as "
                f"radar.format: netcdf:{names[0]}"
            )
        if not names:
            raise _damaged(file, f"no {self.variable or 'variable with a unit of rain'}")
        unit = " ".join(str(dataset[names[0]].attrs.get("units", "")).split())
        if unit not in RATES | AMOUNTS:
            raise _damaged(file, f"the unit of {names[0]} is {unit!r}")
        return _in_order(dataset[names[0]])


@lru_cache(maxsize=2)
def _open(file: str) -> xr.Dataset:
    """Dataset of a file; the last two stay open, because frames are read in order."""
    try:
        if file.endswith(".zarr"):
            return xr.open_zarr(file, chunks=None)
        return xr.open_dataset(file, engine="h5netcdf")
    except (OSError, ValueError, KeyError) as error:
        raise _damaged(file, error) from error


def _in_order(rain: xr.DataArray) -> xr.DataArray:
    """Rain with dims in the order (time, y, x), where the axes can be identified."""
    axes = [_axis_of(rain, str(dim)) for dim in rain.dims]
    if sorted(axes) != sorted("TYX"[-rain.ndim :]):
        return rain
    return rain.transpose(*(rain.dims[axes.index(axis)] for axis in "TYX"[-rain.ndim :]))


def _axis_of(rain: xr.DataArray, dim: str) -> str:
    """T, Y or X, from the CF attributes or the name of the coordinate; empty if unknown."""
    attributes = rain[dim].attrs if dim in rain.coords else {}
    words = (attributes.get("axis"), attributes.get("standard_name"), dim.lower())
    return next((axis for word in words for axis, names in AXES.items() if word in names), "")


def _bounds(dataset: xr.Dataset) -> np.ndarray | None:
    """Bounds of the time, dims (time, 2); None if the file has none."""
    time = dataset["time"]
    name = time.attrs.get("bounds") or time.encoding.get("bounds")
    return dataset[name].to_numpy().reshape(-1, 2) if name in dataset else None


def _hours(dataset: xr.Dataset, file: Path | str) -> float:
    """Accumulation period [h]: from the bounds of the time, or its shortest step."""
    bounds = _bounds(dataset)
    times = np.atleast_1d(dataset["time"].to_numpy()) if bounds is None else bounds[0]
    if times.size < 2:
        raise _damaged(file, "the period of its accumulation is unknown: the time has no bounds")
    return accumulation_hours(np.diff(times).min(), file)


def _axis(rain: xr.DataArray, dim: object, scale: float, file: Path | str) -> tuple[float, float]:
    """First value and step of a regular axis, both multiplied by `scale`."""
    if dim not in rain.coords:
        raise _damaged(file, f"no coordinate {dim}")
    values = rain[dim].to_numpy().astype(float) * scale
    step = (values[-1] - values[0]) / max(values.size - 1, 1)
    max_error = np.abs(values - values[0] - step * np.arange(values.size)).max()
    if step == 0 or max_error > 0.05 * abs(step):
        raise _damaged(file, f"{dim} is not regular")
    return float(values[0]), float(step)


def _damaged(file: Path | str, reason: object) -> DamagedFile:
    return DamagedFile(
        file,
        f"no rain by the CF conventions ({reason})",
        "correct the file, or download it again",
    )
