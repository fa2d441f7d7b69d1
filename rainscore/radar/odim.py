"""ODIM HDF5 composites (OPERA, Météo-France and other weather services)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import h5py
import numpy as np
import pandas as pd
import pyproj

from rainscore.errors import DamagedFile
from rainscore.folders import list_files
from rainscore.grids import Grid
from rainscore.hdf5files import open_hdf5, text
from rainscore.radar.accumulation import accumulation_hours

SUFFIXES = (".h5", ".hdf", ".hdf5")


QUANTITIES = ("RATE", "ACRR", "DBZH")
"""Quantities that can be read, in order of preference."""


ZR_A, ZR_B = 200.0, 1.6
"""Z = 200 R^1.6 (Marshall and Palmer 1948), with Z in mm⁶ m⁻³ and R in mm/h."""


@dataclass(frozen=True)
class Odim:
    """Reader of composites with RATE [mm/h], ACRR [mm] or DBZH [dBZ], one time per file.

    Attributes:
        timestamp_convention: `start` or `end` of the accumulation for the nominal time of a file;
            `file` uses the start that the file states, rounded to `step_minutes`.
        timestamp_reason: See `RadarFormat`.
        step_minutes: Time between files [min].
        min_quality: Quality below which pixels become missing, 0 to 1, from the quality field or
            QIND; pixels without a quality are kept.
    """

    timestamp_convention: str = "file"
    timestamp_reason: str = "each file states its start and end"
    step_minutes: int = 15
    min_quality: float = 0.0
    name: ClassVar[str] = "odim"
    has_quality: ClassVar[bool] = True

    def scan(self, folder: Path) -> pd.DataFrame:
        """List the frames in a folder (see `RadarFormat.scan`).

        Nominal times come from the file names where these contain a time. The shift from the
        nominal time to the start is taken from the first file that can be read.
        """
        files = _files(folder)
        nominal = pd.DatetimeIndex([_nominal(file) for file in files]).as_unit("ns")
        times = nominal + self._shift(files)
        rows = pd.DataFrame({"time": times, "file": [str(f) for f in files], "index": 0})
        return rows.sort_values("time", ignore_index=True, kind="stable")

    def check(self, file: Path | str) -> None:
        """Raise DamagedFile if the file cannot be opened or has none of the quantities."""
        with open_hdf5(file) as odim:
            _preferred_data(odim, file)

    def read(self, file: Path | str, index: int = 0) -> np.ndarray:
        """Read a frame: dims (ny, nx), mm/h, float32, row 0 north; `undetect` 0, `nodata` NaN.

        Raises:
            DamagedFile: The file is not ODIM, or has none of the quantities.
            RainscoreError: The accumulation is longer than a half-hour.
        """
        with open_hdf5(file) as odim:
            quantity, data, what = _preferred_data(odim, file)
            raw = data[()]
            low_quality = _quality(odim, data) < self.min_quality if self.min_quality > 0 else None
        dry, missing = (
            raw == what[name].astype(raw.dtype) if name in what else np.zeros(raw.shape, bool)
            for name in ("undetect", "nodata")
        )
        # The codes of missing and dry pixels would overflow as reflectivity.
        stored = np.where(missing | dry, np.nan, raw)
        values = stored * what.get("gain", 1.0) + what.get("offset", 0.0)
        if quantity == "ACRR":
            period = _time(what, "enddate", "endtime") - _time(what, "startdate", "starttime")
            values /= accumulation_hours(period, file)
        if quantity == "DBZH":
            values = (10 ** (values / 10) / ZR_A) ** (1 / ZR_B)
        values[dry & ~missing] = 0
        values[values < 0] = np.nan
        if low_quality is not None:
            values[low_quality] = np.nan
        return values.astype(np.float32)

    def grid(self, file: Path | str) -> Grid:
        """Grid from the projection, the outer corners and the pixel sizes.

        Raises:
            DamagedFile: Corners, number of pixels and pixel sizes are inconsistent or absent.
        """
        with open_hdf5(file) as odim:
            where = dict(odim["where"].attrs)
            crs = text(where["projdef"])
            project = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
            x, y = project(
                [where[f"{corner}_lon"] for corner in ("UL", "UR", "LL", "LR")],
                [where[f"{corner}_lat"] for corner in ("UL", "UR", "LL", "LR")],
            )
            nx, ny = int(where["xsize"]), int(where["ysize"])
            dx, dy = float(where["xscale"]), float(where["yscale"])
            right, bottom = x[0] + nx * dx, y[0] - ny * dy
            error_x = np.abs(np.subtract(x, [x[0], right, x[0], right])).max()
            error_y = np.abs(np.subtract(y, [y[0], y[0], bottom, bottom])).max()
            if error_x > dx / 2 or error_y > dy / 2:
                raise DamagedFile(
                    file,
                    f"its corners are not {nx} × {dx:g} and {ny} × {dy:g} apart in {crs}",
                    "ask the producer for the correct corners",
                )
            return Grid(crs, float(x[0]), float(y[0]), dx, -dy, nx, ny)

    def _shift(self, files: list[Path]) -> pd.Timedelta:
        """Difference from the nominal time of a file to the start of its accumulation."""
        step = pd.Timedelta(minutes=self.step_minutes)
        if self.timestamp_convention != "file":
            return -step if self.timestamp_convention == "end" else pd.Timedelta(0)
        for file in files:
            try:
                with open_hdf5(file) as odim:
                    _, _, what = _preferred_data(odim, file)
                    start = pd.Timestamp(_time(what, "startdate", "starttime"))
            except DamagedFile:
                continue
            # OPERA scans from 10 min before to 5 min after the nominal time: 17:50 becomes 17:45.
            return start.round(step) - pd.Timestamp(_nominal(file))
        return pd.Timedelta(0)


def _files(folder: Path) -> list[Path]:
    """HDF5 files in a folder and its sub-folders."""
    return [f for f in list_files(folder) if f.suffix.lower() in SUFFIXES]


def _nominal(file: Path) -> np.datetime64:
    """Nominal time of a file, from its name if that contains a time, else from its content."""
    match = re.search(r"(?<!\d)((?:19|20)\d{10})(\d\d)?(?!\d)", file.name)
    if match:
        return pd.to_datetime(match[1], format="%Y%m%d%H%M").to_datetime64()
    with open_hdf5(file) as odim:
        return _time(dict(odim["what"].attrs), "date", "time")


def _time(what: dict[str, Any], date: str, time: str) -> np.datetime64:
    """Time from an attribute YYYYMMDD and an attribute HHMMSS."""
    day, clock = text(what[date]), text(what[time])
    return np.datetime64(
        f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:6]}", "ns"
    )


def _preferred_data(odim: h5py.File, file: Path | str) -> tuple[str, h5py.Dataset, dict[str, Any]]:
    """Preferred quantity of a file, its array and the attributes of its `what` groups."""
    quantities: dict[str, tuple[str, h5py.Dataset, dict[str, Any]]] = {}
    for dataset in _numbered(odim, "dataset"):
        for data in _numbered(dataset, "data"):
            what = {
                name: value
                for group in (dataset, data)
                if "what" in group
                for name, value in group["what"].attrs.items()
            }
            quantity = text(what.get("quantity", ""))
            quantities.setdefault(quantity, (quantity, data["data"], what))
    for quantity in QUANTITIES:
        if quantity in quantities:
            return quantities[quantity]
    raise DamagedFile(
        file,
        f"it has {', '.join(sorted(quantities)) or 'no data'}, none of {', '.join(QUANTITIES)}",
        "use composites of rain",
    )


def _quality(odim: h5py.File, data: h5py.Dataset) -> np.ndarray:
    """Quality of each pixel, 0 to 1, NaN where unknown.

    The first of: a quality field of the dataset, a quantity QIND of the composite.
    """
    fields = [(group, {**group["what"].attrs}) for group in _numbered(data.parent, "quality")]
    for dataset in _numbered(odim, "dataset"):
        for group in _numbered(dataset, "data"):
            if "what" in dataset:
                group_what = group["what"].attrs if "what" in group else {}
                what = {**dataset["what"].attrs, **group_what}
                if text(what.get("quantity", "")) == "QIND":
                    fields.append((group, what))
    if not fields:
        return np.full(data.shape, np.nan)
    group, what = fields[0]
    raw = group["data"][()]
    missing = [raw == what[name] for name in ("nodata", "undetect") if name in what]
    quality = raw * what.get("gain", 1.0) + what.get("offset", 0.0)
    return np.where(np.any(missing, axis=0), np.nan, quality) if missing else quality


def _numbered(group: h5py.Group, kind: str) -> Iterator[h5py.Group]:
    """Groups `kind`1, `kind`2, … in the order of their numbers."""
    names = [name for name in group if re.fullmatch(rf"{kind}\d+", name)]
    for name in sorted(names, key=lambda name: int(name.removeprefix(kind))):
        yield group[name]
