"""MeteoNet radar rainfall: files of about ten days of 5-minute frames over a quarter of France."""

import pickle
import re
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import ClassVar

import numpy as np
import pandas as pd

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.grids import Grid

NAME = re.compile(r"rainfall_(?P<zone>NW|SE)_(?P<month>\d{4}_\d\d)\.(?P<part>[123])\.npz")


FIRST_DAY = {"1": 1, "2": 11, "3": 21, "4": 32}


MM_H = 0.12
"""Hundredths of a millimetre per 5 minutes → mm/h."""


DATE_CLASSES = {
    ("datetime", "datetime"),
    ("datetime", "date"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("_codecs", "encode"),
}


DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    pickle.UnpicklingError,
    KeyError,
    ValueError,
    TypeError,
    EOFError,
)


@dataclass(frozen=True)
class MeteoNet:
    """Reader of `rainfall_{zone}_YYYY_MM.{1,2,3}.npz`, with `radar_coords_{zone}.npz` beside them.

    Attributes:
        zone: `NW` or `SE`; needed where a folder holds both.
        min_quality: Pixels whose quality of the day (0 to 1, by the map of MeteoNet's
            `rainfall_mean_quality-code_…` beside the file) is lower are missing; those without a
            quality stay, and so do days without a map.
    """

    zone: str = ""
    stamp: str = "start"
    stamp_reason: str = "its source does not say; its files run from 00:00 to 23:55 of their days"
    step_minutes: int = 5
    min_quality: float = 0.0
    name: ClassVar[str] = "meteonet"

    def scan(self, folder: Path) -> pd.DataFrame:
        """List the frames below a folder (see `RadarFormat.scan`).

        A file whose dates cannot be read stands for every frame of its days.

        Raises:
            RainscoreError: The folder holds both zones and none is chosen.
        """
        found = [
            (f, NAME.fullmatch(f.name)) for f in sorted(Path(folder).absolute().rglob("*.npz"))
        ]
        files = [(f, m) for f, m in found if m and m["zone"].startswith(self.zone)]
        if len({m["zone"] for _, m in files}) > 1:
            raise RainscoreError(
                f"{folder} holds two zones: choose the format meteonet-NW or meteonet-SE"
            )
        parts = []
        for file, match in files:
            try:
                times = _dates(file)
            except DamagedFile:
                times = _all_times(match)
            if self.stamp == "end":
                times = times - pd.Timedelta(minutes=self.step_minutes)
            parts.append(
                pd.DataFrame({"time": times, "file": str(file), "index": np.arange(times.size)})
            )
        if not parts:
            return pd.DataFrame(
                {"time": pd.DatetimeIndex([]).as_unit("ns"), "file": "", "index": 0}
            )
        return pd.concat(parts).sort_values("time", ignore_index=True, kind="stable")

    def check(self, file: Path | str) -> None:
        """Raise DamagedFile where the file does not open or lacks its data."""
        _dates(file)
        _stream(str(file))

    def read(self, file: Path | str, index: int = 0) -> np.ndarray:
        """Read a frame: dims (ny, nx), mm/h, float32, NaN where missing (−1 in the file).

        Frames are decompressed one after the other, so they are read in order without holding the
        2.8 GB of a complete file; an earlier frame than the last one starts again from the top.

        Raises:
            DamagedFile: It is not such a file, or has no such frame.
            RainscoreError: A quality is asked for, and there is no usable file of it.
        """
        hundredths = _stream(str(file)).frame(index)
        rate = hundredths * np.float32(MM_H)
        rate[hundredths < 0] = np.nan
        if self.min_quality > 0:
            quality = _qualities(str(file))[index]
            if quality is not None:
                rate[quality < 100 * self.min_quality] = np.nan  # 255, without a quality, stays
        return rate

    def grid(self, file: Path | str) -> Grid:
        """Return the grid in longitude and latitude, from the coordinates beside the file.

        Raises:
            DamagedFile: The coordinates are absent, not regular, or not those of the data.
        """
        file = Path(file)
        zone = file.name.split("_")[1]
        coords = file.with_name(f"radar_coords_{zone}.npz")
        try:
            with np.load(coords, allow_pickle=False) as archive:
                lats, lons = archive["lats"], archive["lons"]
        except (FileNotFoundError, *DAMAGE) as error:
            raise DamagedFile(
                coords,
                f"no coordinates ({error})",
                "put MeteoNet's file of coordinates beside the data",
            ) from error
        ny, nx = lats.shape
        dx = float(lons[0, -1] - lons[0, 0]) / (nx - 1)
        dy = float(lats[-1, 0] - lats[0, 0]) / (ny - 1)
        grid = Grid(
            "EPSG:4326", float(lons[0, 0] - dx / 2), float(lats[0, 0] - dy / 2), dx, dy, nx, ny
        )
        off = max(np.abs(lons - grid.x).max(), np.abs(lats - grid.y[:, None]).max())
        if off > 0.01 * abs(dx) or grid.shape != _stream(str(file)).shape:
            raise DamagedFile(
                coords, f"not the regular grid of {file.name}", "fetch the coordinates again"
            )
        return grid


class _Stream:
    """Frames of one file, decompressed in order."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._lock = Lock()
        try:
            self._member = zipfile.ZipFile(file).open("data.npy")  # noqa: SIM115  (kept open)
            major, _ = np.lib.format.read_magic(self._member)
            read_header = (
                np.lib.format.read_array_header_1_0
                if major == 1
                else np.lib.format.read_array_header_2_0
            )
            (self._n, *shape), fortran, self._dtype = read_header(self._member)
        except DAMAGE as error:
            raise _damaged(file, error) from error
        self.shape = tuple(shape)
        if fortran or len(shape) != 2 or self._dtype.kind != "i":
            raise _damaged(file, f"data of shape {(self._n, *shape)} and type {self._dtype}")
        self._start = self._member.tell()

    def frame(self, index: int) -> np.ndarray:
        """Integers of a frame, dims (ny, nx)."""
        if not 0 <= index < self._n:
            raise _damaged(self._file, f"it has {self._n} frames, not a frame {index}")
        size = self._dtype.itemsize * self.shape[0] * self.shape[1]
        with self._lock:
            try:
                self._member.seek(self._start + index * size)
                content = self._member.read(size)
                return np.frombuffer(content, self._dtype).reshape(self.shape)
            except DAMAGE as error:
                raise _damaged(self._file, error) from error


@lru_cache(maxsize=1)
def _stream(file: str) -> _Stream:
    """Keep the last file open: frames are asked for in order."""
    return _Stream(file)


class _DatesUnpickler(pickle.Unpickler):
    """MeteoNet pickles its dates, and a pickle can run any code: nothing but dates is let in."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in DATE_CLASSES:
            raise pickle.UnpicklingError(f"its dates hold {module}.{name}")
        return super().find_class(module, name)


@lru_cache(maxsize=1)
def _qualities(file: str) -> list[np.ndarray | None]:
    """Quality of each frame's day, dims (ny, nx), 0 to 100, 255 without one; None without a map."""
    beside = Path(file).with_name(Path(file).name.replace("_", "_mean_quality-code_", 1))
    try:
        days = _dates(beside)
        with np.load(beside, allow_pickle=False) as archive:
            maps = archive["data"]
        if maps.shape[1:] != _stream(file).shape:
            raise ValueError(f"its maps have the shape {maps.shape[1:]}")
        by_day = dict(zip(days, maps, strict=True))
        return [by_day.get(day) for day in _dates(file).normalize()]
    except (FileNotFoundError, DamagedFile, *DAMAGE) as error:
        raise RainscoreError(
            f"{beside}: MeteoNet's quality cannot be read ({error}): put its file beside the rain, "
            "or set radar.min_quality to 0"
        ) from error


def _dates(file: Path | str) -> pd.DatetimeIndex:
    """Time stamps of a file's frames, or days of its maps."""
    try:
        with zipfile.ZipFile(file) as archive, archive.open("dates.npy") as member:
            np.lib.format.read_magic(member)
            np.lib.format.read_array_header_1_0(member)
            return pd.DatetimeIndex(_DatesUnpickler(member).load()).as_unit("ns")
    except DAMAGE as error:
        raise _damaged(file, error) from error


def _all_times(match: re.Match) -> pd.DatetimeIndex:
    """Time stamps that a complete file would hold, by its name."""
    month = pd.Period(match["month"].replace("_", "-"), freq="M")
    first, after = FIRST_DAY[match["part"]], FIRST_DAY[str(int(match["part"]) + 1)]
    days = min(after - 1, month.days_in_month) - first + 1
    start = month.start_time + pd.Timedelta(days=first - 1)
    return pd.date_range(start, periods=days * 288, freq="5min", unit="ns")


def _damaged(file: Path | str, reason: object) -> DamagedFile:
    return DamagedFile(file, f"not a file of MeteoNet rainfall ({reason})", "fetch it again")
