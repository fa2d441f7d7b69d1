"""ODIM HDF5 composites (OPERA, Météo-France, other weather services)."""

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
from rainscore.grids import Grid
from rainscore.io import open_hdf5, text
from rainscore.radar.accumulation import accumulation_hours

SUFFIXES = (".h5", ".hdf", ".hdf5")


QUANTITIES = ("RATE", "ACRR", "DBZH")
"""In order of preference where a file has several."""


ZR_A, ZR_B = 200.0, 1.6
"""Z = 200 R^1.6 (Marshall and Palmer), for reflectivity."""


@dataclass(frozen=True)
class Odim:
    """Reader of composites with RATE (mm/h), ACRR (mm) or DBZH (dBZ), one time a file.

    Attributes:
        stamp: `start` or `end`: how the nominal time of a file is taken; `inside` takes the start
            that the file itself gives, rounded to the step.
        step_minutes: Time between files [min].
        min_quality: Pixels of lower quality (0 to 1, by the file's QIND or quality field) are
            missing; those without a quality stay.
    """

    stamp: str = "inside"
    stamp_reason: str = "the file gives its own start and end"
    step_minutes: int = 15
    min_quality: float = 0.0
    name: ClassVar[str] = "odim"

    def scan(self, folder: Path) -> pd.DataFrame:
        """List the frames below a folder (see `RadarFormat.scan`).

        Times are those of the names, where they bear one, shifted as the first readable file says.
        """
        files = _files(folder)
        nominal = pd.DatetimeIndex([_nominal(file) for file in files]).as_unit("ns")
        times = nominal + self._shift(files)
        rows = pd.DataFrame({"time": times, "file": [str(f) for f in files], "index": 0})
        return rows.sort_values("time", ignore_index=True, kind="stable")

    def check(self, file: Path | str) -> None:
        """Raise DamagedFile where the file does not open or lacks its data."""
        with open_hdf5(file) as odim:
            _best(odim, file)

    def read(self, file: Path | str, index: int = 0) -> np.ndarray:
        """Read a frame: dims (ny, nx), mm/h, float32, row 0 north; undetected is 0, no data is NaN.

        Raises:
            DamagedFile: It is not such a file, or has none of the quantities.
            RainscoreError: It accumulates over more than a half-hour.
        """
        with open_hdf5(file) as odim:
            quantity, data, what = _best(odim, file)
            raw = data[()]
            poor = _quality(odim, data) < self.min_quality if self.min_quality > 0 else None
        dry, missing = (
            raw == what[name].astype(raw.dtype) if name in what else np.zeros(raw.shape, bool)
            for name in ("undetect", "nodata")
        )
        known = np.where(missing | dry, np.nan, raw)  # their codes, as reflectivity, would overflow
        values = known * what.get("gain", 1.0) + what.get("offset", 0.0)
        if quantity == "ACRR":
            span = _time(what, "enddate", "endtime") - _time(what, "startdate", "starttime")
            values /= accumulation_hours(span, file)
        if quantity == "DBZH":
            values = (10 ** (values / 10) / ZR_A) ** (1 / ZR_B)
        values[dry & ~missing] = 0
        values[values < 0] = np.nan
        if poor is not None:
            values[poor] = np.nan
        return values.astype(np.float32)

    def grid(self, file: Path | str) -> Grid:
        """Return the grid, from the projection and the outer corners, checked against the scales.

        Raises:
            DamagedFile: The corners, the size and the scales disagree, or one is absent.
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
            off_x = np.abs(np.subtract(x, [x[0], right, x[0], right])).max()
            off_y = np.abs(np.subtract(y, [y[0], y[0], bottom, bottom])).max()
            if off_x > dx / 2 or off_y > dy / 2:
                raise DamagedFile(
                    file,
                    f"its corners do not lie {nx} × {dx:g} and {ny} × {dy:g} apart in {crs}",
                    "ask its producer for the right corners",
                )
            return Grid(crs, float(x[0]), float(y[0]), dx, -dy, nx, ny)

    def _shift(self, files: list[Path]) -> pd.Timedelta:
        """From the time that names bear to the start of the accumulation."""
        step = pd.Timedelta(minutes=self.step_minutes)
        if self.stamp != "inside":
            return -step if self.stamp == "end" else pd.Timedelta(0)
        for file in files:
            try:
                with open_hdf5(file) as odim:
                    _, _, what = _best(odim, file)
                    start = pd.Timestamp(_time(what, "startdate", "starttime"))
            except DamagedFile:
                continue
            # OPERA's scans lie from 10 minutes before to 5 after the nominal time: 17:50 is 17:45.
            return start.round(step) - pd.Timestamp(_nominal(file))
        return pd.Timedelta(0)


def _files(folder: Path) -> list[Path]:
    """HDF5 files below a folder."""
    return sorted(f for f in Path(folder).absolute().rglob("*") if f.suffix.lower() in SUFFIXES)


def _nominal(file: Path) -> np.datetime64:
    """Nominal time of a file, by its name or else by its content."""
    match = re.search(r"(?<!\d)((?:19|20)\d{10})(\d\d)?(?!\d)", file.name)
    if match:
        return pd.to_datetime(match[1], format="%Y%m%d%H%M").to_datetime64()
    with open_hdf5(file) as odim:
        return _time(dict(odim["what"].attrs), "date", "time")


def _time(what: dict[str, Any], date: str, time: str) -> np.datetime64:
    """Time of two attributes, YYYYMMDD and HHMMSS."""
    day, clock = text(what[date]), text(what[time])
    return np.datetime64(
        f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:6]}", "ns"
    )


def _best(odim: h5py.File, file: Path | str) -> tuple[str, h5py.Dataset, dict[str, Any]]:
    """Quantity to use, its array, and its attributes, whatever the order they are stored in."""
    found: dict[str, tuple[str, h5py.Dataset, dict[str, Any]]] = {}
    for dataset in _numbered(odim, "dataset"):
        for data in _numbered(dataset, "data"):
            what = {
                name: value
                for group in (dataset, data)
                if "what" in group
                for name, value in group["what"].attrs.items()
            }
            quantity = text(what.get("quantity", ""))
            found.setdefault(quantity, (quantity, data["data"], what))
    for quantity in QUANTITIES:
        if quantity in found:
            return found[quantity]
    raise DamagedFile(
        file,
        f"it has {', '.join(sorted(found)) or 'no data'}, none of {', '.join(QUANTITIES)}",
        "give composites of rain",
    )


def _quality(odim: h5py.File, data: h5py.Dataset) -> np.ndarray:
    """Quality of each pixel, NaN without: the field beside the data, or the composite's QIND."""
    beside = [(group, {**group["what"].attrs}) for group in _numbered(data.parent, "quality")]
    apart = [
        (group, {**dataset["what"].attrs, **(group["what"].attrs if "what" in group else {})})
        for dataset in _numbered(odim, "dataset")
        for group in _numbered(dataset, "data")
        if "what" in dataset
    ]
    apart = [(group, what) for group, what in apart if text(what.get("quantity", "")) == "QIND"]
    for group, what in beside + apart:
        raw = group["data"][()]
        none = [raw == what[name] for name in ("nodata", "undetect") if name in what]
        value = raw * what.get("gain", 1.0) + what.get("offset", 0.0)
        return np.where(np.any(none, axis=0), np.nan, value) if none else value
    return np.full(data.shape, np.nan)


def _numbered(group: h5py.Group, kind: str) -> Iterator[h5py.Group]:
    """Members dataset1, dataset2 … (or data1 …) in the order of their numbers."""
    names = [name for name in group if re.fullmatch(rf"{kind}\d+", name)]
    for name in sorted(names, key=lambda name: int(name.removeprefix(kind))):
        yield group[name]
