"""Formats of radar precipitation: what they share, and how one is chosen by name."""

from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from rainscore.errors import RainscoreError
from rainscore.grids import Grid
from rainscore.radar.fr_radar import FrRadarRainfall
from rainscore.radar.meteonet import MeteoNet
from rainscore.radar.netcdf import CfRadar
from rainscore.radar.odim import Odim


class RadarFormat(Protocol):
    """A source of radar frames."""

    @property
    def name(self) -> str:
        """Name in the configuration and in manifests."""
        ...

    @property
    def stamp(self) -> str:
        """Say whether a frame bears the `start` or the `end` of its accumulation.

        `inside` where its file gives both.
        """
        ...

    @property
    def stamp_reason(self) -> str:
        """Say why, in one line."""
        ...

    @property
    def step_minutes(self) -> int:
        """Time between frames [min]."""
        ...

    def scan(self, folder: Path) -> pd.DataFrame:
        """List the frames below a folder.

        Returns:
            One row a frame, in order of time: `time` (START of the accumulation, UTC), `file`
            (absolute path), `index` (position inside the file).
        """
        ...

    def check(self, file: Path | str) -> None:
        """Raise DamagedFile where the file does not open or lacks its data, at little cost."""
        ...

    def read(self, file: Path | str, index: int = 0) -> np.ndarray:
        """Read a frame: dims (ny, nx), mm/h, float32, NaN where missing, row 0 north."""
        ...

    def grid(self, file: Path | str) -> Grid:
        """Say where the pixels of a file lie."""
        ...


def get_format(
    name: str, *, stamp: str | None = None, step_minutes: int = 0, min_quality: float = 0.0
) -> RadarFormat:
    """Choose a radar format by its name.

    Args:
        name: `fr-radar-rainfall`, `meteonet` (with `-NW` or `-SE` where a folder holds both zones),
            `odim`, or `netcdf` (with `:variable` where a file has several of rain).
        stamp: `start` or `end`, where the format's own convention does not hold.
        step_minutes: Time between frames of ODIM files, to which their times are rounded [min]; 15
            by default, as OPERA's. The other formats have their own.
        min_quality: Pixels of ODIM and MeteoNet with a lower quality are missing [0 to 1].

    Raises:
        RainscoreError: There is no such format or stamp, or the format has no quality to judge by.
    """
    if stamp not in (None, "start", "end"):
        raise RainscoreError(f"radar stamp {stamp!r}: choose start or end")
    if name == FrRadarRainfall.name:
        format: FrRadarRainfall | MeteoNet | Odim | CfRadar = FrRadarRainfall()
    elif name in ("meteonet", "meteonet-NW", "meteonet-SE"):
        format = MeteoNet(zone=name[9:], min_quality=min_quality)
    elif name == Odim.name:
        format = Odim(step_minutes=step_minutes or 15, min_quality=min_quality)
    elif name.partition(":")[0] == CfRadar.name:
        format = CfRadar(variable=name.partition(":")[2])
    else:
        raise RainscoreError(
            f"radar format {name!r} is not known: choose fr-radar-rainfall, meteonet, odim or "
            "netcdf"
        )
    if min_quality and not isinstance(format, MeteoNet | Odim):
        raise RainscoreError(
            f"radar min_quality {min_quality:g}: {name} has no field of quality; set it to 0"
        )
    return replace(format, stamp=stamp, stamp_reason="so configured") if stamp else format


def remove_clutter(rate: np.ndarray, limit: float = 300.0) -> tuple[np.ndarray, int]:
    """Make rates that no rain reaches missing.

    Args:
        rate: Any dims, mm/h, NaN where missing.
        limit: Highest rate that may be rain [mm/h].

    Returns:
        A copy in which rates above the limit are NaN, and how many there were.

    >>> remove_clutter(np.array([2.0, 8646.0]))
    (array([ 2., nan]), 1)
    """
    clutter = rate > limit
    count = int(np.count_nonzero(clutter))
    return (np.where(clutter, np.nan, rate).astype(rate.dtype) if count else rate), count
