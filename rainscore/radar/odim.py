"""ODIM HDF5 composites (OPERA, Météo-France and other weather services)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from rainscore.errors import DamagedFile
from rainscore.folders import list_files
from rainscore.grids import Grid
from rainscore.hdf5files import open_hdf5
from rainscore.radar.odimgrids import layer_grid
from rainscore.radar.odimlayers import ASK_PRODUCER, Layer, rain_layer, read_quality
from rainscore.radar.odimtimes import Period, stated_period, time_in_name

SUFFIXES = (".h5", ".hdf", ".hdf5")


ZR_A, ZR_B = 200.0, 1.6
"""Z = 200 R^1.6 (Marshall and Palmer 1948), with Z in mm⁶ m⁻³ and R in mm/h."""


MAX_ROUNDING = pd.Timedelta(minutes=15)
"""Longest step to which starts are rounded."""


MARGIN = pd.Timedelta(days=2)
"""Longest time by which the name of a file may differ from its content, such as in local time."""


log = logging.getLogger("rainscore")


@dataclass(frozen=True)
class _Row:
    """Row of a scan (`RadarFormat.scan`), and what to warn about."""

    time: pd.Timestamp
    file: str
    index: int = 0
    minutes: float = np.nan
    problem: str = ""
    product: str = ""
    misnamed: bool = False
    is_maximum: bool = False


@dataclass(frozen=True)
class Odim:
    """Reader of composites with RATE [mm/h], ACRR [mm] or DBZH [dBZ], one time per file.

    Attributes:
        timestamp_convention: `start` or `end` of the accumulation for the nominal time of a file;
            `file` uses the start that the file states. For RATE and DBZH this is the start of the
            scans, at most `step_minutes` before their end, rounded to `step_minutes`.
        timestamp_reason: See `RadarFormat`.
        step_minutes: Time between files [min].
        min_quality: Quality below which pixels become missing, 0 to 1, from the quality field or
            QIND; pixels without a quality are kept.
        period: First and last time of interest. Files whose names are more than `MARGIN` outside
            are listed with the time in their name and not opened; None to open all.
    """

    timestamp_convention: str = "file"
    timestamp_reason: str = "each file states its start and end"
    step_minutes: int = 15
    min_quality: float = 0.0
    period: tuple[pd.Timestamp, pd.Timestamp] | None = None
    name: ClassVar[str] = "odim"
    has_quality: ClassVar[bool] = True

    def scan(self, folder: Path) -> pd.DataFrame:
        """List the frames in a folder (see `RadarFormat.scan`).

        The times are those in the files. A file that cannot be read has the time in its name,
        shifted as in most of the other files.
        """
        rows: list[_Row] = []
        unreadable: list[tuple[Path, str]] = []
        files = [file for file in list_files(folder) if file.suffix.lower() in SUFFIXES]
        near = [file for file in files if self._is_near(file)]
        for file in near:
            try:
                rows.append(self._row(file))
            except DamagedFile as error:
                unreadable.append((file, error.reason))
        _warn(
            [row.file for row in rows if row.misnamed],
            "the time in the name is not that of the content, which is used; check the files",
        )
        _warn(
            [row.file for row in rows if row.is_maximum],
            "a column maximum (product MAX), which is more than the rain at the ground; "
            "use a surface product",
        )
        shifts = [row.time - named for row in rows if (named := time_in_name(Path(row.file)))]
        shift = pd.Series(shifts).mode()[0] if shifts else pd.Timedelta(0)
        for file, reason in unreadable:
            if named := time_in_name(file):  # `check` gives the reason
                rows.append(_Row(named + shift, str(file)))
            else:
                rows.append(_Row(pd.Timestamp("NaT"), str(file), problem=reason))
        for file in set(files).difference(near):
            if named := time_in_name(file):
                rows.append(_Row(named, str(file)))
        columns = ["time", "file", "index", "minutes", "problem", "product"]
        frames = pd.DataFrame(rows, columns=[*columns, "misnamed", "is_maximum"])[columns]
        frames["time"] = frames["time"].astype("datetime64[ns]")
        return frames.sort_values("time", ignore_index=True, kind="stable")

    def check(self, file: Path | str) -> None:
        """Raise DamagedFile if the file cannot be read, without reading its rates."""
        with open_hdf5(file) as odim:
            layer = rain_layer(odim, file)
            layer.scaling()
            layer_grid(layer)
            stated_period(layer)

    def read(self, file: Path | str, index: int = 0) -> np.ndarray:
        """Read a frame: dims (ny, nx), mm/h, float32, row 0 north; `undetect` 0, `nodata` NaN.

        Raises:
            DamagedFile: The file is not ODIM, has none of the quantities, or contradicts itself.
        """
        with open_hdf5(file) as odim:
            layer = rain_layer(odim, file)
            layer_grid(layer)  # raises an error if the file is not a composite of this shape
            values, missing, dry = layer.read()
            if layer.quantity == "ACRR":
                values /= stated_period(layer).hours
            if layer.quantity == "DBZH":
                with np.errstate(over="ignore"):
                    values = (10 ** (values / 10) / ZR_A) ** (1 / ZR_B)
            values[dry] = 0
            values[missing | (values < 0) | (values > np.finfo(np.float32).max)] = np.nan
            if self.min_quality > 0:
                values[read_quality(odim, layer) < self.min_quality] = np.nan
        return values.astype(np.float32)

    def grid(self, file: Path | str) -> Grid:
        """Grid from the projection, the outer corners and the pixel sizes.

        Raises:
            DamagedFile: Corners, number of pixels and pixel sizes are inconsistent or absent.
        """
        with open_hdf5(file) as odim:
            return layer_grid(rain_layer(odim, file))

    def _is_near(self, file: Path) -> bool:
        """Whether a file may belong to the period, by the time in its name."""
        named = time_in_name(file)
        if self.period is None or named is None:
            return True
        return self.period[0] - MARGIN <= named <= self.period[1] + MARGIN

    def _row(self, file: Path) -> _Row:
        """Row of a file that can be read."""
        named = time_in_name(file)
        with open_hdf5(file) as odim:
            layer = rain_layer(odim, file)
            period = stated_period(layer)
            return _Row(
                self._start(layer, period, named),
                str(file),
                minutes=period.hours * 60,
                product=_product(layer, period),
                misnamed=named is not None and not self._agrees(named, period),
                is_maximum="MAX" in (layer.word("product"), layer.word("prodname")),
            )

    def _start(self, layer: Layer, period: Period, named: pd.Timestamp | None) -> pd.Timestamp:
        """Start of the accumulation, or of the interval that a rate represents."""
        step = pd.Timedelta(minutes=self.step_minutes)
        if self.timestamp_convention == "file" and period.start is not None:
            if layer.quantity == "ACRR":
                return period.start
            start = period.start if period.end is None else max(period.start, period.end - step)
            # OPERA scans from 10 min before to 5 min after the nominal time: 17:50 becomes 17:45.
            rounding = min(step, MAX_ROUNDING)
            return (start - rounding / 2).ceil(rounding)
        is_nominal = named is not None and self._agrees(named, period)
        nominal = named if is_nominal or period.nominal is None else period.nominal
        if nominal is None:
            raise DamagedFile(layer.file, "it states no time", ASK_PRODUCER)
        if self.timestamp_convention == "end":
            is_sum = layer.quantity == "ACRR"
            return nominal - (pd.Timedelta(hours=period.hours) if is_sum else step)
        return nominal

    def _agrees(self, named: pd.Timestamp, period: Period) -> bool:
        """Whether the time in a name is within a step of the times that the file states."""
        step = pd.Timedelta(minutes=self.step_minutes)
        times = [time for time in (period.start, period.end, period.nominal) if time is not None]
        return not times or min(times) - step <= named <= max(times) + step


def _product(layer: Layer, period: Period) -> str:
    """Text that identifies the network and the product of a file."""
    length = "" if np.isnan(period.hours) else f"of {period.hours * 60:g} min"
    source = ",".join(
        part for part in layer.word("source").split(",") if not part.startswith("CMT")
    )
    return " ".join(filter(None, (source, layer.word("product"), layer.quantity, length)))


def _warn(files: Sequence[str], reason: str) -> None:
    """Log a warning about files, once for all."""
    if files:
        others = f" and {len(files) - 1} others" if len(files) > 1 else ""
        log.warning("%s%s: %s", files[0], others, reason)
