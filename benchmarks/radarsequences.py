"""Real radar sequences, one NetCDF file each, as half-hour means."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from rainscore.grids import Grid
from rainscore.paths import CHECKOUT
from rainscore.radar.halfhours import half_hour_mean
from rainscore.regridding.radarreader import Frame, RadarSettings

SEQUENCES = (
    "bom-2_20180616",
    "bom-66_20201031",
    "fmi_20160928",
    "fmi_20170509",
    "knmi_20100826",
    "mch_20150515",
    "mch_20160711",
    "mch_20170131",
    "mrms_20190610",
    "opera-cirrus_20241126",
    "opera-nimbus_20241126",
    "rmi_20210704",
)

BLOCK = 8
"""Grids are cut to whole blocks of this many pixels per side, so that they can be coarsened."""


def sequences_folder() -> Path:
    """Folder of the sequences: in `$RAINSCORE_SHARED_DATA`, or in ../shared/data."""
    shared = os.environ.get("RAINSCORE_SHARED_DATA", CHECKOUT.parent / "shared" / "data")
    return Path(shared) / "radar-sequences"


@dataclass(frozen=True)
class Sequence:
    """Frames of a sequence; a reader of frames for `choice.experiments.even_and_odd`.

    Attributes:
        times: Starts of the frames, dims (time,).
        rates: Rates [mm/h], dims (time, y, x), NaN missing.
        grid: Grid of the frames.
        step_minutes: Time between frames [min].
    """

    times: np.ndarray
    rates: np.ndarray
    grid: Grid
    step_minutes: int

    @classmethod
    def read(cls, path: Path) -> "Sequence":
        """Read a file, cut to whole blocks of pixels."""
        with xr.open_dataset(path, engine="h5netcdf") as data:
            x, y, times = (data[name].values for name in ("x", "y", "time"))
            nx, ny = (len(axis) // BLOCK * BLOCK for axis in (x, y))
            rates = data["rate"][:, :ny, :nx].values
            crs = data["crs"].attrs["crs_wkt"]
        dx, dy = (float((axis[-1] - axis[0]) / (len(axis) - 1)) for axis in (x, y))
        grid = Grid(crs, float(x[0]) - dx / 2, float(y[0]) - dy / 2, dx, dy, nx, ny)
        step = round((times[1] - times[0]) / np.timedelta64(1, "m"))
        return cls(times, rates, grid, step)

    def half_hours(self) -> tuple[np.ndarray, np.ndarray]:
        """Starts of the whole half-hours from the first frame on, and their means (time, y, x)."""
        number = 30 // self.step_minutes
        starts = range(0, len(self.rates) - number + 1, number)
        means = [
            half_hour_mean(
                self.rates[i : i + number],
                minutes=[1] * number,
                period_minutes=number,
                min_frame_share=1,
            )[0]
            for i in starts
        ]
        return self.times[list(starts)], np.stack(means)

    @property
    def settings(self) -> RadarSettings:
        """Settings of a reader; only the time between frames is used."""
        return RadarSettings("netcdf", "start", self.step_minutes, np.inf, 0, 1)

    def frames(self, start: np.datetime64, end: np.datetime64) -> list[Frame]:
        """Frames in [start, end)."""
        part = slice(*np.searchsorted(self.times, [start, end]))
        return [
            Frame(time, self.step_minutes, rate, self.grid)
            for time, rate in zip(self.times[part], self.rates[part], strict=True)
        ]

    def mean(
        self, frames: list[Frame], minutes: list[float], *, of_minutes: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and valid share of some frames (see `RadarReader.mean`)."""
        rates = (frame.rate for frame in frames)
        return half_hour_mean(rates, minutes=minutes, period_minutes=of_minutes, min_frame_share=1)
