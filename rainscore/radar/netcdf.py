"""Radar precipitation in NetCDF or Zarr that follows the CF conventions."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.folders import list_files
from rainscore.grids import Grid
from rainscore.radar.accumulation import accumulation_hours
from rainscore.radar.cfaxes import axis_letter, read_grid
from rainscore.radar.cffiles import READ_ERRORS, SUFFIXES, CfFile, open_cf, unreadable
from rainscore.radar.cftimes import FrameTimes, read_times
from rainscore.radar.cfvalues import cf_error, decode, missing_codes
from rainscore.rainunits import RainUnit, rain_unit

NO_FRAMES = pd.DataFrame(
    {
        "time": pd.DatetimeIndex([]).as_unit("ns"),
        "file": pd.Series(dtype=str),
        "index": pd.Series(dtype=int),
        "minutes": pd.Series(dtype=float),
        "problem": pd.Series(dtype=str),
        "product": pd.Series(dtype=str),
    }
)
"""Table of a folder without frames."""


log = logging.getLogger("rainscore")


class Rain(NamedTuple):
    """A variable of rain: its name, unit, and dims; `time` is empty for a single map."""

    name: str
    unit: RainUnit
    variable: xr.Variable
    time: str
    y: str
    x: str


@dataclass(frozen=True)
class CfRadar:
    """Reader of rain with dims (time, y, x), or (y, x) with a scalar time.

    Attributes:
        variable: Name of the variable; required where a file has several variables of rain.
        timestamp_convention: `start` or `end` of the accumulation; `file` uses the bounds of the
            time, and takes the time as the start where there are none.
        timestamp_reason: See `RadarFormat`.
        step_minutes: Length of frames without bounds [min]; 0 for the shortest step in the file.
    """

    variable: str = ""
    timestamp_convention: str = "file"
    timestamp_reason: str = "the time bounds of the file; without them, the time is the start"
    step_minutes: float = 0
    name: ClassVar[str] = "netcdf"
    has_quality: ClassVar[bool] = False

    def scan(self, folder: Path) -> pd.DataFrame:
        """List the frames in a folder (see `RadarFormat.scan`)."""
        files = [f for f in list_files(folder, stores=(".zarr",)) if f.suffix.lower() in SUFFIXES]
        parts = [self._frames(file) for file in files]
        if not parts:
            return NO_FRAMES
        return pd.concat(parts).sort_values("time", ignore_index=True, kind="stable")

    def check(self, file: Path | str) -> None:
        """Raise DamagedFile if the file cannot be opened, has no rain, or no place on Earth."""
        self.grid(file)

    def read(self, file: Path | str, index: int = 0) -> np.ndarray:
        """Read a frame: dims (ny, nx), mm/h, float32, row 0 north, column 0 west.

        NaN where the value is missing, invalid (`cfvalues.decode`), negative, or was never written.

        Raises:
            DamagedFile: The file is not of this format, or has no frame `index`.
        """
        opened = open_cf(file)
        rain = self._rain(opened.dataset, file)
        amount = _read_map(opened, rain, index, file)
        factor = rain.unit.factor
        if rain.unit.is_amount:
            factor /= accumulation_hours(self._period(opened, index, file), file)
        with np.errstate(over="ignore"):  # infinite rates are clutter
            rate = (amount * factor).astype(np.float32)
        rate[rate < 0] = np.nan
        _, (reverse_y, reverse_x) = self._place(file)
        return rate[:: -1 if reverse_y else 1, :: -1 if reverse_x else 1]

    def grid(self, file: Path | str) -> Grid:
        """Grid from the axes and the grid mapping; longitude and latitude without a mapping.

        Raises:
            DamagedFile: The axes are absent, not regular or not on Earth.
        """
        return self._place(file)[0]

    def _place(self, file: Path | str) -> tuple[Grid, tuple[bool, bool]]:
        """Grid, and whether the rows and columns in the file are in the reverse order."""
        opened = open_cf(file)
        try:
            rain = self._rain(opened.dataset, file)
            return _place(opened, rain.name, (rain.y, rain.x), str(file))
        except READ_ERRORS as error:
            raise unreadable(file, error) from error

    def _frames(self, file: Path) -> pd.DataFrame:
        """Frames of a file; one row with its problem if it cannot be read."""
        row = {"time": pd.NaT, "file": str(file), "index": 0, "minutes": np.nan, "product": ""}
        try:
            opened = open_cf(file)
            times = _times(opened, str(file))
            starts = times.starts(self.timestamp_convention, self._step())
        except DamagedFile as error:
            return pd.DataFrame([row | {"problem": f"{error.reason}; {error.remedy}"}]).astype(
                {"time": "datetime64[ns]"}
            )
        except READ_ERRORS as error:
            return pd.DataFrame([row | {"problem": str(error)}]).astype({"time": "datetime64[ns]"})
        product = opened.dataset.attrs.get("institution", "")
        row |= {
            "time": starts,
            "index": range(starts.size),
            "minutes": times.minutes,
            "problem": "",
            "product": product[:100] if isinstance(product, str) else "",
        }
        frames = pd.DataFrame(row)
        without = int(frames["time"].isna().sum())
        if without:
            log.warning("%s: %d frames without a time are not used", file, without)
        return frames.dropna(subset="time")

    def _step(self) -> np.timedelta64 | None:
        """Configured length of frames without bounds; None for that of the file."""
        minutes = self.step_minutes
        return np.timedelta64(round(minutes * 60), "s") if minutes else None

    def _period(self, opened: CfFile, index: int, file: Path | str) -> np.timedelta64:
        """Accumulation period of a frame: its bounds, or the configured or shortest step."""
        try:
            times = _times(opened, str(file))
            if times.bounds is not None:
                return times.bounds[index, 1] - times.bounds[index, 0]
        except READ_ERRORS as error:
            raise unreadable(file, error) from error
        step = self._step() or times.shortest_step
        if step is None:
            raise cf_error(
                file, "the period of its accumulation is unknown: the time has no bounds"
            )
        return step

    def _rain(self, dataset: xr.Dataset, file: Path | str) -> Rain:
        """Variable of rain.

        Raises:
            DamagedFile: There is none.
            RainscoreError: There are several, and no name is configured.
        """
        names = [self.variable] if self.variable else _candidates(dataset)
        if len(names) > 1:
            raise RainscoreError(
                f"{file} has several variables of rain ({', '.join(names)}): choose one, such as "
                f"radar.format: netcdf:{names[0]}"
            )
        if not names or names[0] not in dataset.variables:
            raise cf_error(file, f"no {self.variable or 'variable with a unit of rain'}")
        variable = dataset.variables[names[0]]
        text = str(variable.attrs.get("units", ""))
        unit = rain_unit(text)
        if unit is None:
            raise cf_error(file, f"the unit of {names[0]} is {text[:40]!r}")
        if variable.dtype.kind not in "iuf" or variable.attrs.get("dtype") == "bool":
            raise cf_error(file, f"{names[0]} is not an array of numbers")
        dims = _dims(dataset, variable)
        if dims is None or 0 in variable.shape:
            shape = dict(zip(variable.dims, variable.shape, strict=True))
            raise cf_error(file, f"{names[0]} has the dims {shape}")
        return Rain(names[0], unit, variable, *dims)


def _candidates(dataset: xr.Dataset) -> list[str]:
    """Names of the variables that can be rain, by unit, dims and standard name."""
    return [
        str(name)
        for name, variable in dataset.data_vars.items()
        if _may_be_rain(variable.attrs) and _dims(dataset, variable.variable) is not None
    ]


def _may_be_rain(attributes: Mapping[str, Any]) -> bool:
    """Whether the unit is one of rain, and the standard name not that of anything else."""
    standard_name = str(attributes.get("standard_name", "rain"))
    is_named = any(word in standard_name for word in ("rain", "precipitation"))
    return is_named and rain_unit(str(attributes.get("units", ""))) is not None


def _dims(dataset: xr.Dataset, variable: xr.Variable) -> tuple[str, str, str] | None:
    """Names of the dims time (empty if absent), y and x; None if they cannot be those of maps.

    Dims of size 1 other than these, such as a height, are allowed.
    """
    letters = {str(dim): axis_letter(dataset, str(dim)) for dim in variable.dims}
    t, y, x = ([dim for dim, letter in letters.items() if letter == axis] for axis in "TYX")
    if not y and not x and variable.ndim in (2, 3):  # by position
        *t, last_y, last_x = map(str, variable.dims)
        y, x = [last_y], [last_x]
    unknown = [dim for dim in letters if dim not in (*t, *y, *x) and variable.sizes[dim] > 1]
    if not t and len(unknown) == 1:
        t, unknown = unknown, []
    if unknown or len(y) != 1 or len(x) != 1 or len(t) > 1:
        return None
    return (t[0] if t else ""), y[0], x[0]


def _read_map(opened: CfFile, rain: Rain, index: int, file: Path | str) -> np.ndarray:
    """Decoded values of a frame, dims (y, x), float64, in the order of the file."""
    variable = rain.variable
    n = variable.sizes[rain.time] if rain.time else 1
    if not 0 <= index < n:
        raise cf_error(file, f"it has {n} frames and no frame {index}")
    selection = tuple(
        slice(None) if dim in (rain.y, rain.x) else (index if dim == rain.time else 0)
        for dim in variable.dims
    )
    try:
        codes = missing_codes(variable.attrs, variable.dtype, file)
        raw, written = opened.read(rain.name, selection, codes)
        values = decode(raw, variable.attrs, file)
    except READ_ERRORS as error:
        raise unreadable(file, error) from error
    if written is not None and not written.all():
        _warn_unwritten(str(file))
        values[~np.broadcast_to(written, values.shape)] = np.nan
    return values.T if variable.dims.index(rain.y) > variable.dims.index(rain.x) else values


@lru_cache(maxsize=1000)
def _warn_unwritten(file: str) -> None:
    """Log once for each file that parts of its maps were never written."""
    log.warning(
        "%s: parts of its maps were never written and are missing; if they are dry, write the "
        "file again with its zeros (Zarr: write_empty_chunks)",
        file,
    )


@lru_cache(maxsize=2)
def _place(
    opened: CfFile, name: str, dims: tuple[str, str], file: Path | str
) -> tuple[Grid, tuple[bool, bool]]:
    """Grid of a variable, and whether its rows and columns are in the reverse order."""
    return read_grid(opened.dataset, opened.dataset.variables[name], dims, file)


@lru_cache(maxsize=2)
def _times(opened: CfFile, file: Path | str) -> FrameTimes:
    """Times of the frames in a file."""
    return read_times(opened.dataset, file)
