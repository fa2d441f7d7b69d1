"""Frames of the Météo-France mosaic in the layout of `fr-radar-rainfall`: one npz file each.

Simulated frames of other places have the same layout, and their grid as a second array.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pyproj
from pyproj.exceptions import CRSError

from rainscore.errors import DamagedFile
from rainscore.folders import list_files
from rainscore.grids import RADAR_CORNER, RADAR_CRS, SIDE_KM, Grid, in_mosaic
from rainscore.io import replacing
from rainscore.radar.npzmembers import open_npz, read_array, read_header

MM_H = 0.12
"""Factor from hundredths of a millimetre in 5 minutes to mm/h."""


MAX_BYTES = 4096 * 4096 * 8
"""Maximum size of the values of a frame [bytes]."""


MAX_GRID_BYTES = 100_000
"""Maximum size of the text of a grid [bytes]."""


FRAME_NAME = re.compile(r"(\d{12})\.npz")


@dataclass(frozen=True)
class FrRadarRainfall:
    """Reader of `YYYYMMDDHHMM.npz`: 1536 × 1536 pixels, or fewer over the same extent.

    A file with a grid of its own (`write_frame`) can have any shape.
    """

    timestamp_convention: str = "start"
    timestamp_reason: str = "not documented at the source; AERIS documents start for this product"
    name: ClassVar[str] = "fr-radar-rainfall"
    step_minutes: ClassVar[int] = 5
    has_quality: ClassVar[bool] = False

    def scan(self, folder: Path) -> pd.DataFrame:
        """List the frames in a folder (see `RadarFormat.scan`)."""
        files = [f for f in list_files(folder) if FRAME_NAME.fullmatch(f.name)]
        names = [f.stem for f in files]
        times = pd.to_datetime(names, format="%Y%m%d%H%M", errors="coerce").as_unit("ns")
        problems = np.where(times.isna(), "the date in its name does not exist", "")
        if self.timestamp_convention == "end":
            times = times - pd.Timedelta(minutes=self.step_minutes)
        rows = pd.DataFrame(
            {
                "time": times,
                "file": [str(f) for f in files],
                "index": 0,
                "problem": problems,
            }
        )
        return rows.sort_values("time", ignore_index=True, kind="stable")

    def check(self, file: Path | str) -> None:
        """Raise DamagedFile if the file cannot be opened or has no data."""
        with open_npz(file, format_name=self.name) as archive:
            _grid(archive, file)

    def read(self, file: Path | str, index: int = 0) -> np.ndarray:
        """Read a frame: dims (ny, nx), mm/h, float32, NaN where missing (negative in the file).

        Raises:
            DamagedFile: The file is not an npz file of this layout.
        """
        with open_npz(file, format_name=self.name) as archive:
            _grid(archive, file)
            hundredths = read_array(archive, "arr_0", kinds="iu", max_bytes=MAX_BYTES)
        rate = hundredths * np.float32(MM_H)
        rate[hundredths < 0] = np.nan
        return rate

    def grid(self, file: Path | str) -> Grid:
        """Grid of the mosaic with the pixel size of the file, or the grid in the file.

        Raises:
            DamagedFile: The file is not an npz file of this layout.
        """
        with open_npz(file, format_name=self.name) as archive:
            return _grid(archive, file)


def mosaic_grid(n: int) -> Grid:
    """Grid of the whole mosaic with `n` × `n` pixels, where `n` divides 1536."""
    step = SIDE_KM * 1000 / n
    return Grid(RADAR_CRS, *RADAR_CORNER, step, -step, n, n)


def frame_name(start: np.datetime64) -> str:
    """File name of the frame whose accumulation starts at `start` (UTC).

    >>> frame_name(np.datetime64("2019-06-02T10:35"))
    '201906021035.npz'
    """
    return re.sub("[^0-9]", "", str(start.astype("datetime64[m]"))) + ".npz"


def write_frame(path: Path | str, rate: np.ndarray, grid: Grid) -> None:
    """Write a field as a frame of the mosaic, or as a frame with a grid of its own.

    A grid that is aligned with the mosaic and inside it, such as that of
    `rainscore.grids.study_grid`, gives a frame of the whole mosaic, missing outside the field.
    Any other grid gives a frame of the field with the JSON text of the grid as array `grid`.

    Args:
        path: File to write; `frame_name` gives the name that the source uses.
        rate: Rates (ny, nx) [mm/h], NaN where missing, row 0 north.
        grid: Grid of the field.
    """
    values = np.where(np.isnan(rate), -1, np.round(rate / MM_H))
    values = values.astype(np.int16 if values.max() <= np.iinfo(np.int16).max else np.int32)
    place = _place_in_mosaic(grid)
    with replacing(path) as temporary, temporary.open("wb") as file:
        if place is None:
            np.savez_compressed(file, arr_0=values, grid=np.array(grid.to_json()))
        else:
            n = round(SIDE_KM * 1000 / grid.dx)
            frame = np.full((n, n), -1, values.dtype)
            frame[place] = values
            np.savez_compressed(file, arr_0=frame)


def _place_in_mosaic(grid: Grid) -> tuple[slice, slice] | None:
    """Rows and columns of a grid in the mosaic; None where it is not a part of the mosaic."""
    if grid.crs != RADAR_CRS or grid.dy != -grid.dx or not in_mosaic(grid):
        return None
    mosaic = mosaic_grid(round(SIDE_KM * 1000 / grid.dx))
    row, column = (grid.y0 - mosaic.y0) / mosaic.dy, (grid.x0 - mosaic.x0) / mosaic.dx
    top, left = round(row), round(column)
    if max(abs(row - top), abs(column - left), abs(mosaic.dx - grid.dx)) >= 1e-3:
        return None
    return slice(top, top + grid.ny), slice(left, left + grid.nx)


@lru_cache(maxsize=8)
def _grid_of(text: str) -> Grid:
    """Grid of the JSON text in a file.

    Raises:
        ValueError: The text is not that of a grid.
    """
    grid = Grid.from_json(text)
    numbers = (grid.x0, grid.y0, grid.dx, grid.dy, float(grid.nx), float(grid.ny))
    if not np.isfinite(numbers).all() or 0 in numbers[2:]:
        raise ValueError(f"its grid is {text}")
    try:
        pyproj.CRS.from_user_input(grid.crs)
    except CRSError as error:
        raise ValueError(f"its grid is {text}") from error
    return grid


def _grid(archive: ZipFile, file: Path | str) -> Grid:
    """Grid of a frame, from the shape of its values or from the file.

    Raises:
        DamagedFile: The shape is not that of the grid.
    """
    shape, _, _ = read_header(archive, "arr_0")
    if "grid.npy" in archive.namelist():
        text = read_array(archive, "grid", kinds="U", max_bytes=MAX_GRID_BYTES)
        grid = _grid_of(str(text))
        if grid.shape == shape:
            return grid
        expected = f"{grid.ny} × {grid.nx}"
    else:
        expected = f"{SIDE_KM} × {SIDE_KM} or a divisor of it"
        if len(shape) == 2 and shape[0] == shape[1] > 0 and SIDE_KM % shape[0] == 0:
            return mosaic_grid(shape[0])
    raise DamagedFile(
        file, f"its shape is {shape}, not {expected}", "use frames of the whole mosaic"
    )
