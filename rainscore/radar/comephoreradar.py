"""COMEPHORE, hourly rain over France from radar and gauges, as the reference."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from rainscore.folders import list_files
from rainscore.grids import Grid
from rainscore.radar.comephorefiles import NAME, read_hour
from rainscore.radar.hourstamps import hour_rows


@dataclass(frozen=True)
class Comephore:
    """Reader of `YYYYMMDDHH_RR.gtif`, one hour per file."""

    timestamp_convention: str = "end"
    timestamp_reason: str = "documented: the hour ends at the time of the name"
    name: ClassVar[str] = "comephore"
    has_quality: ClassVar[bool] = False

    def scan(self, folder: Path) -> pd.DataFrame:
        """List the hours in a folder (see `RadarFormat.scan`)."""
        matches = [(f, NAME.fullmatch(f.name)) for f in list_files(folder)]
        stamps = {str(f): match[1] + "00" for f, match in matches if match}
        return hour_rows(stamps, ends=self.timestamp_convention == "end")

    def check(self, file: Path | str) -> None:
        """Raise DamagedFile if the file is not one of COMEPHORE."""
        read_hour(file)

    def read(self, file: Path | str, index: int = 0) -> np.ndarray:
        """Read an hour: dims (ny, nx), mm/h, float32, NaN where missing, row 0 north.

        Raises:
            DamagedFile: The file is not one of COMEPHORE.
        """
        return read_hour(file)[0]

    def grid(self, file: Path | str) -> Grid:
        """Grid of the map.

        Raises:
            DamagedFile: The file is not one of COMEPHORE.
        """
        return read_hour(file)[1]
