"""RADOLAN RW of the German weather service: hourly rain from radar and gauges, ESRI ASCII grids."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from rainscore.errors import DamagedFile
from rainscore.folders import list_files
from rainscore.grids import Grid
from rainscore.radar.hourstamps import hour_rows

NAME = re.compile(r"RW[_-](\d{8})-(\d{4})\.asc")
"""File name; its time is the end of the hour, UTC."""


CRS = "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=10 +R=6370040 +units=m"
"""Projection of RADOLAN, which the files do not state."""


MM = 0.1
"""Unit of the values [mm]."""


HEADER = ("ncols", "nrows", "xllcorner", "yllcorner", "cellsize", "nodata_value")
"""Keys of the first lines of a file, in order."""


MAX_BYTES = 50_000_000
"""Size above which a file is refused [bytes]; those of RADOLAN have 2 to 5 MB."""


EXTENT_M = (-2e6, 2e6, -6e6, -2e6)
"""West, east, south and north of the places of a lower left corner [m]."""


@dataclass(frozen=True)
class Radolan:
    """Reader of `RW_YYYYMMDD-HHMM.asc`, one hour per file."""

    timestamp_convention: str = "end"
    timestamp_reason: str = "documented: the hour ends at the time of the name"
    name: ClassVar[str] = "radolan"
    has_quality: ClassVar[bool] = False

    def scan(self, folder: Path) -> pd.DataFrame:
        """List the hours in a folder (see `RadarFormat.scan`)."""
        matches = [(f, NAME.fullmatch(f.name)) for f in list_files(folder)]
        stamps = {str(f): match[1] + match[2] for f, match in matches if match}
        return hour_rows(stamps, ends=self.timestamp_convention == "end")

    def check(self, file: Path | str) -> None:
        """Raise DamagedFile if the file has no header of a grid."""
        self.grid(file)

    def read(self, file: Path | str, index: int = 0) -> np.ndarray:
        """Read an hour: dims (ny, nx), mm/h, float32, NaN where missing, row 0 north.

        Raises:
            DamagedFile: The file is not a grid of integers.
        """
        header, body = _split(file)
        shape = int(header["nrows"]), int(header["ncols"])
        try:
            if "_" in body:
                raise ValueError("an underscore")
            tenths = np.array(body.split(), np.int32).reshape(shape)
        except (ValueError, OverflowError) as error:
            raise _damaged(file, f"its values are not {shape[0]} × {shape[1]} integers") from error
        missing = (tenths == header["nodata_value"]) | (tenths < 0)
        return np.where(missing, np.nan, tenths * MM).astype(np.float32)

    def grid(self, file: Path | str) -> Grid:
        """Grid of the header, in the projection of RADOLAN.

        Raises:
            DamagedFile: The file has no header of a grid.
        """
        header, _ = _split(file)
        nx, ny, step = int(header["ncols"]), int(header["nrows"]), header["cellsize"]
        top = header["yllcorner"] + ny * step
        return Grid(CRS, header["xllcorner"], top, step, -step, nx, ny)


def _split(file: Path | str) -> tuple[dict[str, float], str]:
    """Numbers of the header by their key, and text of the values."""
    try:
        if Path(file).stat().st_size > MAX_BYTES:
            raise _damaged(file, "it is too large")
        *lines, body = Path(file).read_text("ascii").split("\n", len(HEADER))
        header = {key.lower(): _number(value) for key, value in (line.split() for line in lines)}
    except OSError as error:
        raise DamagedFile(
            file, f"it cannot be read ({error.strerror})", "restore it, or allow reading it"
        ) from error
    except ValueError as error:
        raise _damaged(file, "its first lines are not those of a grid") from error
    if tuple(header) != HEADER or not np.isfinite(list(header.values())).all():
        raise _damaged(file, f"its first lines are not {', '.join(HEADER)}")
    nx, ny = header["ncols"], header["nrows"]
    west, east, south, north = EXTENT_M
    if (
        nx % 1 or ny % 1 or not (0 < nx <= 5000 and 0 < ny <= 5000)
        or not 100 <= header["cellsize"] <= 10_000
        or not (west < header["xllcorner"] < east and south < header["yllcorner"] < north)
    ):  # fmt: skip
        raise _damaged(file, f"its first lines state no grid of RADOLAN: {header}")
    return header, body


def _number(word: str) -> float:
    """Number in a header.

    Raises:
        ValueError: It is none; Python would read 1_0 as ten.
    """
    if "_" in word:
        raise ValueError(word)
    return float(word)


def _damaged(file: Path | str, reason: str) -> DamagedFile:
    return DamagedFile(file, f"not a grid of RADOLAN RW ({reason})", "extract or download it again")
