"""MeteoNet radar rainfall: files of about ten days of 5-minute frames of a quarter of France."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar
from zipfile import ZipFile

import numpy as np
import pandas as pd

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.folders import list_files
from rainscore.grids import Grid
from rainscore.radar.npzframes import NpzFrames
from rainscore.radar.npzmembers import READ_ERRORS, open_npz, read_array
from rainscore.radar.pickleddates import MAX_BYTES, load_dates

FILE_NAME = re.compile(r"rainfall_(?P<zone>NW|SE)_(?P<month>\d{4}_\d\d)\.(?P<part>[123])\.npz")


REFLECTIVITY = re.compile(r"reflectivity_(old|new)_(NW|SE)_.*\.npz")
"""Names of the files of MeteoNet's reflectivity."""


FIRST_DAY = {"1": 1, "2": 11, "3": 21, "4": 32}
"""First day of the month in each part of a month's files; `4` is the end of the month."""


MM_H = 0.12
"""Factor from hundredths of a millimetre in 5 minutes to mm/h."""


NORTH_WEST = {"NW": ((565, 784), 51.891, -5.837), "SE": ((515, 784), 46.245, 2.005)}
"""Shape of each zone, and latitude and longitude of the centre of its first pixel."""


MAX_FRAME_BYTES = 20_000_000
"""Size above which a frame is refused [bytes]; one of MeteoNet has 0.9 MB."""


REFLECTIVITY_MISSING = 255
"""Code of missing pixels in MeteoNet's reflectivity."""


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
        names = list_files(folder)
        matches = [(f, FILE_NAME.fullmatch(f.name)) for f in names]
        files = [(f, m) for f, m in matches if m and self.zone in ("", m["zone"])]
        reflectivity = [f.name for f in names if REFLECTIVITY.fullmatch(f.name)]
        if reflectivity and not files:
            raise RainscoreError(
                f"{folder} has MeteoNet's reflectivity ({reflectivity[0]}), not its rainfall: "
                "use a folder with files rainfall_…"
            )
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
        """Raise DamagedFile if the file cannot be read or is not rainfall.

        All data are decompressed once, because a flipped bit changes the rain from there on, and
        only the checksum at the end shows it. A complete file (2.8 GB) takes about 15 s.
        """
        _verify(*_identity(file))

    def read(self, file: Path | str, index: int = 0) -> np.ndarray:
        """Read a frame: dims (ny, nx), mm/h, float32, NaN where missing (−1 in the file).

        Frames are decompressed one at a time, so a complete file (2.8 GB) is never in memory.
        Reading in order is fast; reading an earlier frame restarts the decompression.

        Raises:
            DamagedFile: The file is not of this format, or has no frame `index`.
            RainscoreError: `min_quality` is positive and the quality file cannot be read.
        """
        try:
            hundredths = _stream(*_identity(file)).frame(index)
        except (OSError, *READ_ERRORS) as error:
            raise _damaged(file, error) from error
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
            DamagedFile: The coordinates are absent, not regular, of another shape than the data,
                or not those of the zone.
        """
        shape = _stream(*_identity(file)).shape
        zone = Path(file).name.split("_")[1]
        return _grid(Path(file).with_name(f"radar_coords_{zone}.npz"), zone, shape)


def _grid(coords: Path, zone: str, shape: tuple[int, ...]) -> Grid:
    """Grid of a file of coordinates, row 0 north."""
    remedy = f"copy the current {coords.name} of MeteoNet into the folder of the data"
    try:
        with open_npz(coords, format_name="MeteoNet") as archive:
            lats, lons = (
                read_array(archive, name, kinds="f", max_bytes=MAX_FRAME_BYTES).astype(float)
                for name in ("lats", "lons")
            )
    except DamagedFile as error:
        raise DamagedFile(coords, f"no coordinates ({error.reason})", remedy) from error
    if lats.shape != shape or lons.shape != shape or min(shape) < 2:
        raise DamagedFile(coords, f"not the grid of data of the shape {shape}", remedy)
    ny, nx = lats.shape
    dx = float(lons[0, -1] - lons[0, 0]) / (nx - 1)
    dy = float(lats[-1, 0] - lats[0, 0]) / (ny - 1)
    grid = Grid("EPSG:4326", float(lons[0, 0] - dx / 2), float(lats[0, 0] - dy / 2), dx, dy, nx, ny)
    max_error = max(np.abs(lons - grid.x).max(), np.abs(lats - grid.y[:, None]).max())
    if not (dx > 0 > dy and max_error <= 0.01 * dx):
        raise DamagedFile(coords, "not the regular grid of MeteoNet, row 0 north", remedy)
    full_shape, north, west = NORTH_WEST[zone]
    offset = float(lats[0, 0] - north), float(lons[0, 0] - west)
    if shape == full_shape and max(map(abs, offset)) > 0.001:
        raise DamagedFile(
            coords,
            f"coordinates {offset[0]:+.3f}° in latitude and {offset[1]:+.3f}° in longitude away "
            f"from those of zone {zone}, as in MeteoNet's first release",
            remedy,
        )
    return grid


def _identity(file: Path | str) -> tuple[str, int, int]:
    """Path, time of change and size of a file: another content is another file."""
    try:
        status = Path(file).stat()
    except OSError as error:
        raise _damaged(file, error) from error
    return str(file), status.st_mtime_ns, status.st_size


@lru_cache(maxsize=1)
def _stream(file: str, modified: int, size: int) -> NpzFrames:
    """Frames of a file; the last one stays open, because frames are read in order."""
    try:
        return NpzFrames(file, "data", max_bytes=MAX_FRAME_BYTES)
    except (OSError, *READ_ERRORS) as error:
        raise _damaged(file, error) from error


@lru_cache(maxsize=100)
def _verify(file: str, modified: int, size: int) -> None:
    """Raise DamagedFile if dates and data are not those of rainfall, or the checksum differs."""
    dates, frames = _dates(file), _stream(file, modified, size)
    match = FILE_NAME.fullmatch(Path(file).name)
    if len(dates) != frames.n:
        raise _damaged(file, f"it has {frames.n} frames and {len(dates)} dates")
    if match and not dates.isin(_all_times(match)).all():
        raise _damaged(file, f"its dates, from {dates.min()} to {dates.max()}, are not its name's")
    lowest, highest, codes = 0, 0, 0
    try:
        for frame in frames.verified():
            lowest, highest = min(lowest, int(frame.min())), max(highest, int(frame.max()))
            codes += int(np.count_nonzero(frame == REFLECTIVITY_MISSING))
    except (OSError, *READ_ERRORS) as error:
        raise _damaged(file, error) from error
    share = codes / (frames.n * frames.shape[0] * frames.shape[1])
    if lowest == 0 and highest == REFLECTIVITY_MISSING and share > 0.01:
        raise DamagedFile(
            file,
            f"its values end at {highest}, which {share:.0%} of the pixels have, and none is −1: "
            "codes of reflectivity rather than rainfall",
            "use MeteoNet's files of rainfall",
        )


@lru_cache(maxsize=1)
def _qualities(file: str) -> list[np.ndarray | None]:
    """Daily quality of each frame, (ny, nx), 0 to 100, 255 where unknown; None without a map."""
    quality_file = Path(file).with_name(Path(file).name.replace("_", "_mean_quality-code_", 1))
    try:
        days = _dates(quality_file)
        with open_npz(quality_file, format_name="MeteoNet") as archive:
            maps = read_array(archive, "data", kinds="iu", max_bytes=31 * MAX_FRAME_BYTES)
        if maps.shape[1:] != _stream(*_identity(file)).shape:
            raise ValueError(f"its maps have shape {maps.shape[1:]}")
        by_day = dict(zip(days, maps, strict=True))
        return [by_day.get(day) for day in _dates(file).normalize()]
    except (DamagedFile, ValueError) as error:
        raise RainscoreError(
            f"{quality_file}: MeteoNet's quality cannot be read ({error}); copy the file into the "
            "folder of the data, or set radar.min_quality to 0"
        ) from error


def _dates(file: Path | str) -> pd.DatetimeIndex:
    """Time stamps of the frames of a rain file, or days of the maps of a quality file."""
    try:
        with ZipFile(file) as archive, archive.open("dates.npy") as member:
            np.lib.format.read_magic(member)
            np.lib.format.read_array_header_1_0(member)
            content = member.read(MAX_BYTES + 1)
        return load_dates(content)
    except (OSError, *READ_ERRORS) as error:
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
