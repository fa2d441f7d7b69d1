"""MeteoNet radar rainfall: files of about ten days of 5-minute frames of a quarter of France."""

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
from rainscore.folders import list_files
from rainscore.grids import Grid

FILE_NAME = re.compile(r"rainfall_(?P<zone>NW|SE)_(?P<month>\d{4}_\d\d)\.(?P<part>[123])\.npz")


FIRST_DAY = {"1": 1, "2": 11, "3": 21, "4": 32}
"""First day of the month in each part of a month's files; `4` is the end of the month."""


MM_H = 0.12
"""Factor from hundredths of a millimetre in 5 minutes to mm/h."""


DATE_CLASSES = {
    ("datetime", "datetime"),
    ("datetime", "date"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("_codecs", "encode"),
}
"""Classes that the pickled dates may contain."""


READ_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    pickle.UnpicklingError,
    KeyError,
    ValueError,
    TypeError,
    EOFError,
)
"""Errors of NumPy, zipfile and pickle on a file that is truncated or has another content."""


@dataclass(frozen=True)
class MeteoNet:
    """Reader of `rainfall_{zone}_YYYY_MM.{1,2,3}.npz` and `radar_coords_{zone}.npz`.

    Attributes:
        zone: `NW` or `SE`; required where a folder has files of both.
        timestamp_convention, timestamp_reason: See `RadarFormat`.
        min_quality: Daily quality below which pixels become missing, 0 to 1. The quality is that
            of the file `rainfall_mean_quality-code_…` in the same folder; pixels and days without
            a quality are kept.
    """

    zone: str = ""
    timestamp_convention: str = "start"
    timestamp_reason: str = "not documented; the files run from 00:00 to 23:55 of their days"
    min_quality: float = 0.0
    name: ClassVar[str] = "meteonet"
    step_minutes: ClassVar[int] = 5
    has_quality: ClassVar[bool] = True

    def scan(self, folder: Path) -> pd.DataFrame:
        """List the frames in a folder (see `RadarFormat.scan`).

        A file whose dates cannot be read is listed once for each frame that its name implies.

        Raises:
            RainscoreError: The folder has both zones and `zone` is empty.
        """
        matches = [(f, FILE_NAME.fullmatch(f.name)) for f in list_files(folder)]
        files = [(f, m) for f, m in matches if m and self.zone in ("", m["zone"])]
        if len({m["zone"] for _, m in files}) > 1:
            raise RainscoreError(
                f"{folder} has files of two zones: set radar.format to meteonet-NW or meteonet-SE"
            )
        parts = []
        for file, match in files:
            try:
                times = _dates(file)
            except DamagedFile:
                times = _all_times(match)
            if self.timestamp_convention == "end":
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
        """Raise DamagedFile if the file cannot be opened or has no data."""
        _dates(file)
        _stream(str(file))

    def read(self, file: Path | str, index: int = 0) -> np.ndarray:
        """Read a frame: dims (ny, nx), mm/h, float32, NaN where missing (−1 in the file).

        Frames are decompressed one at a time, so a complete file (2.8 GB) is never in memory.
        Reading in order is fast; reading an earlier frame restarts the decompression.

        Raises:
            DamagedFile: The file is not of this format, or has no frame `index`.
            RainscoreError: `min_quality` is positive and the quality file cannot be read.
        """
        hundredths = _stream(str(file)).frame(index)
        rate = hundredths * np.float32(MM_H)
        rate[hundredths < 0] = np.nan
        if self.min_quality > 0:
            quality = _qualities(str(file))[index]
            if quality is not None:
                rate[quality < 100 * self.min_quality] = np.nan  # 255: no quality, kept
        return rate

    def grid(self, file: Path | str) -> Grid:
        """Grid in longitude and latitude, from `radar_coords_{zone}.npz` in the same folder.

        Raises:
            DamagedFile: The coordinates are absent, not regular, or of another shape than the data.
        """
        file = Path(file)
        zone = file.name.split("_")[1]
        coords = file.with_name(f"radar_coords_{zone}.npz")
        try:
            with np.load(coords, allow_pickle=False) as archive:
                lats, lons = archive["lats"], archive["lons"]
        except (FileNotFoundError, *READ_ERRORS) as error:
            raise DamagedFile(
                coords,
                f"no coordinates ({error})",
                "copy MeteoNet's coordinates into the folder of the data",
            ) from error
        ny, nx = lats.shape
        dx = float(lons[0, -1] - lons[0, 0]) / (nx - 1)
        dy = float(lats[-1, 0] - lats[0, 0]) / (ny - 1)
        grid = Grid(
            "EPSG:4326", float(lons[0, 0] - dx / 2), float(lats[0, 0] - dy / 2), dx, dy, nx, ny
        )
        max_error = max(np.abs(lons - grid.x).max(), np.abs(lats - grid.y[:, None]).max())
        if max_error > 0.01 * abs(dx) or grid.shape != _stream(str(file)).shape:
            raise DamagedFile(
                coords, f"not the regular grid of {file.name}", "download the coordinates again"
            )
        return grid


class _Stream:
    """Sequential reader of the compressed frames of one file."""

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
        except READ_ERRORS as error:
            raise _damaged(file, error) from error
        self.shape = tuple(shape)
        if fortran or len(shape) != 2 or self._dtype.kind != "i":
            raise _damaged(file, f"its data have shape {(self._n, *shape)} and type {self._dtype}")
        self._start = self._member.tell()

    def frame(self, index: int) -> np.ndarray:
        """Stored integers of a frame, dims (ny, nx)."""
        if not 0 <= index < self._n:
            raise _damaged(self._file, f"it has {self._n} frames and no frame {index}")
        size = self._dtype.itemsize * self.shape[0] * self.shape[1]
        with self._lock:
            try:
                self._member.seek(self._start + index * size)
                content = self._member.read(size)
                return np.frombuffer(content, self._dtype).reshape(self.shape)
            except READ_ERRORS as error:
                raise _damaged(self._file, error) from error


@lru_cache(maxsize=1)
def _stream(file: str) -> _Stream:
    """Stream of a file; the last one stays open, because frames are read in order."""
    return _Stream(file)


class _DatesUnpickler(pickle.Unpickler):
    """Unpickler that accepts dates only, since a pickle can run any code."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in DATE_CLASSES:
            raise pickle.UnpicklingError(f"its dates contain {module}.{name}")
        return super().find_class(module, name)


@lru_cache(maxsize=1)
def _qualities(file: str) -> list[np.ndarray | None]:
    """Daily quality of each frame, (ny, nx), 0 to 100, 255 where unknown; None without a map."""
    quality_file = Path(file).with_name(Path(file).name.replace("_", "_mean_quality-code_", 1))
    try:
        days = _dates(quality_file)
        with np.load(quality_file, allow_pickle=False) as archive:
            maps = archive["data"]
        if maps.shape[1:] != _stream(file).shape:
            raise ValueError(f"its maps have shape {maps.shape[1:]}")
        by_day = dict(zip(days, maps, strict=True))
        return [by_day.get(day) for day in _dates(file).normalize()]
    except (FileNotFoundError, DamagedFile, *READ_ERRORS) as error:
        raise RainscoreError(
            f"{quality_file}: MeteoNet's quality cannot be read ({error}); copy the file into the "
            "folder of the data, or set radar.min_quality to 0"
        ) from error


def _dates(file: Path | str) -> pd.DatetimeIndex:
    """Time stamps of the frames of a rain file, or days of the maps of a quality file."""
    try:
        with zipfile.ZipFile(file) as archive, archive.open("dates.npy") as member:
            np.lib.format.read_magic(member)
            np.lib.format.read_array_header_1_0(member)
            return pd.DatetimeIndex(_DatesUnpickler(member).load()).as_unit("ns")
    except READ_ERRORS as error:
        raise _damaged(file, error) from error


def _all_times(match: re.Match) -> pd.DatetimeIndex:
    """Time stamps of a complete file with this name."""
    month = pd.Period(match["month"].replace("_", "-"), freq="M")
    first, after = FIRST_DAY[match["part"]], FIRST_DAY[str(int(match["part"]) + 1)]
    days = min(after - 1, month.days_in_month) - first + 1
    start = month.start_time + pd.Timedelta(days=first - 1)
    return pd.date_range(start, periods=days * 288, freq="5min", unit="ns")


def _damaged(file: Path | str, reason: object) -> DamagedFile:
    return DamagedFile(file, f"not a file of MeteoNet rainfall ({reason})", "download it again")
