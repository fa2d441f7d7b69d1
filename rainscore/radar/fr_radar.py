"""Frames of the Météo-France mosaic as `fr-radar-rainfall` distributes them: one npz each."""

import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from rainscore.errors import DamagedFile
from rainscore.grids import RADAR_CORNER, RADAR_CRS, Grid
from rainscore.io import replacing

SIDE_KM = 1536
"""Side of the mosaic [km]; its native frames have as many pixels."""


MM_H = 0.12
"""Hundredths of a millimetre per 5 minutes → mm/h."""


NAME = re.compile(r"(\d{12})\.npz")


@dataclass(frozen=True)
class FrRadarRainfall:
    """Reader of `YYYYMMDDHHMM.npz` frames, 1536 × 1536 pixels, or fewer over the same extent."""

    stamp: str = "start"
    stamp_reason: str = "its source does not say; AERIS, which holds the same product, says start"
    step_minutes: int = 5
    name: ClassVar[str] = "fr-radar-rainfall"

    def scan(self, folder: Path) -> pd.DataFrame:
        """List the frames below a folder (see `RadarFormat.scan`)."""
        files = sorted(f for f in Path(folder).absolute().rglob("*.npz") if NAME.fullmatch(f.name))
        times = pd.to_datetime([f.stem for f in files], format="%Y%m%d%H%M").as_unit("ns")
        if self.stamp == "end":
            times = times - pd.Timedelta(minutes=self.step_minutes)
        rows = pd.DataFrame({"time": times, "file": [str(f) for f in files], "index": 0})
        return rows.sort_values("time", ignore_index=True, kind="stable")

    def check(self, file: Path | str) -> None:
        """Raise DamagedFile where the file does not open or lacks its data."""
        with _opened(file):
            pass

    def read(self, file: Path | str, index: int = 0) -> np.ndarray:
        """Read a frame: dims (ny, nx), mm/h, float32, NaN where missing (negative in the file).

        Raises:
            DamagedFile: It is not such an npz file.
        """
        hundredths = _load(file)
        rate = hundredths * np.float32(MM_H)
        rate[hundredths < 0] = np.nan
        return rate

    def grid(self, file: Path | str) -> Grid:
        """Return the mosaic's grid, at the step of the file."""
        return mosaic_grid(_load(file).shape[0])


def mosaic_grid(n: int) -> Grid:
    """Grid of the whole mosaic in `n` × `n` pixels; `n` divides 1536."""
    step = SIDE_KM * 1000 / n
    return Grid(RADAR_CRS, *RADAR_CORNER, step, -step, n, n)


def frame_name(start: np.datetime64) -> str:
    """Name of the frame whose accumulation starts at `start`, UTC.

    >>> frame_name(np.datetime64("2019-06-02T10:35"))
    '201906021035.npz'
    """
    return re.sub("[^0-9]", "", str(start.astype("datetime64[m]"))) + ".npz"


def write_frame(path: Path | str, rate: np.ndarray, grid: Grid) -> None:
    """Write a field as a frame of the mosaic, missing outside the field, whole or not at all.

    Args:
        path: File to write; `frame_name` gives the source's name.
        rate: Dims (ny, nx), mm/h, NaN where missing, row 0 north.
        grid: Where it lies: on the mosaic's lattice, as `rainscore.grids.study_grid` makes it.

    Raises:
        ValueError: The grid is not on the lattice of the mosaic at its step, or reaches out of it.
    """
    n = round(SIDE_KM * 1000 / grid.dx)
    mosaic = mosaic_grid(n)
    row, column = (grid.y0 - mosaic.y0) / mosaic.dy, (grid.x0 - mosaic.x0) / mosaic.dx
    top, left = round(row), round(column)
    aligned = max(abs(row - top), abs(column - left), abs(mosaic.dx - grid.dx)) < 1e-3
    inside = min(top, left, n - top - grid.ny, n - left - grid.nx) >= 0
    if grid.crs != mosaic.crs or grid.dy != -grid.dx or not aligned or not inside:
        raise ValueError(f"not on the lattice of the French mosaic, or out of it: {grid}")
    values = np.where(np.isnan(rate), -1, np.round(rate / MM_H))
    frame = np.full((n, n), -1, np.int16 if values.max() <= np.iinfo(np.int16).max else np.int32)
    frame[top : top + grid.ny, left : left + grid.nx] = values
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, arr_0=frame)


@contextmanager
def _opened(file: Path | str) -> Iterator[np.lib.npyio.NpzFile]:
    """Open a frame's archive; what cannot be read in it is a damaged file."""
    try:
        with np.load(file, allow_pickle=False) as archive:
            if "arr_0" not in archive:
                raise ValueError("it has no arr_0")
            yield archive
    except (BadZipFile, zlib.error, ValueError, EOFError, TypeError) as error:
        raise DamagedFile(
            file, f"not a frame of fr-radar-rainfall ({error})", "fetch it again"
        ) from error


def _load(file: Path | str) -> np.ndarray:
    """Integers of a frame, dims (n, n)."""
    with _opened(file) as archive:
        frame = archive["arr_0"]
    if frame.ndim != 2 or frame.shape[0] != frame.shape[1] or SIDE_KM % frame.shape[0]:
        raise DamagedFile(
            file,
            f"its shape {frame.shape} is not {SIDE_KM} × {SIDE_KM}, or that coarsened",
            "give the whole mosaic",
        )
    return frame
