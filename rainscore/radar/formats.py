"""Radar formats: their common interface, and their choice by name."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from rainscore.errors import RainscoreError
from rainscore.grids import Grid

METEONET_ZONES = {"meteonet": "", "meteonet-NW": "NW", "meteonet-SE": "SE"}
"""Names of the MeteoNet format in the configuration, and the zone that each selects."""


class RadarFormat(Protocol):
    """Reader of the frames of one radar format."""

    @property
    def name(self) -> str:
        """Name in the configuration and in manifests."""
        ...

    @property
    def timestamp_convention(self) -> str:
        """Part of the accumulation period that the time stamp of a frame marks.

        `start` or `end`; `file` where each file states its start and its end.
        """
        ...

    @property
    def timestamp_reason(self) -> str:
        """Reason for the convention, in one line."""
        ...

    @property
    def has_quality(self) -> bool:
        """Whether files can contain a quality field, to which `min_quality` applies."""
        ...

    def scan(self, folder: Path) -> pd.DataFrame:
        """List the frames of a folder and its sub-folders, or of a single file.

        Files are those of `rainscore.folders.list_files`. A file that cannot be read does not end
        the scan: it has a row with its `problem`.

        Returns:
            One row per frame, sorted by time: `time` (START of the accumulation, UTC; NaT where it
            is unknown, only together with a `problem`), `file` (absolute path), `index` (position
            in the file). Optional columns, for which an absent column has the default:

            - `minutes`: length of the interval of which the frame is the mean or the sum [min];
              NaN (default) where the file does not state it or where the frame is an instantaneous
              rate. Such a frame represents `radar.step_minutes`.
            - `problem`: reason why the frame cannot be used; "" (default) for none.
            - `product`: text that identifies the network and the product, equal in all files of
              one series; "" (default) where it is unknown. A folder with several is refused.
        """
        ...

    def check(self, file: Path | str) -> None:
        """Raise DamagedFile if the file cannot be opened or has no rain, without reading it all.

        `check`, `read` and `grid` raise DamagedFile whatever is wrong with the file, also where it
        no longer exists.
        """
        ...

    def read(self, file: Path | str, index: int = 0) -> np.ndarray:
        """Read a frame: dims (ny, nx), mm/h, float32, NaN where missing, row 0 north."""
        ...

    def grid(self, file: Path | str) -> Grid:
        """Grid of the frames in a file, without reading its rates."""
        ...


def get_format(
    name: str,
    *,
    timestamp_convention: str = "format",
    step_minutes: int = 15,
    min_quality: float = 0.0,
    period: Sequence[str] | None = None,
) -> RadarFormat:
    """Reader of a radar format.

    Args:
        name: `fr-radar-rainfall`; `meteonet` (`meteonet-NW` or `meteonet-SE` where a folder has
            both zones); `odim`; `netcdf` (`netcdf:variable` where a file has several variables of
            rain); `comephore` or `radolan` (hourly).
        timestamp_convention: `start` or `end`, where the format's own convention is wrong;
            `format` for the format's own.
        step_minutes: Time between frames [min]. ODIM: start times are rounded to it; `netcdf`:
            length of frames without time bounds.
        min_quality: Quality below which pixels become missing, 0 to 1. ODIM and MeteoNet only.
        period: First and last time of interest. ODIM only: files of other days are not opened.

    Raises:
        RainscoreError: The name or the convention is not one of these, or `min_quality` is given
            for a format without a quality field.
    """
    if timestamp_convention not in ("format", "start", "end"):
        raise RainscoreError(
            f"radar.timestamp_convention {timestamp_convention!r}: choose format, start or end"
        )
    times = (pd.Timestamp(period[0]), pd.Timestamp(period[1])) if period else None
    reader = _reader(name, step_minutes=step_minutes, min_quality=min_quality, period=times)
    if min_quality and not reader.has_quality:
        raise RainscoreError(
            f"radar.min_quality {min_quality:g}: {name} has no quality field; set it to 0"
        )
    if timestamp_convention == "format":
        return reader
    return replace(
        reader,
        timestamp_convention=timestamp_convention,
        timestamp_reason="set in the configuration",
    )


def _reader(
    name: str,
    *,
    step_minutes: int,
    min_quality: float,
    period: tuple[pd.Timestamp, pd.Timestamp] | None,
) -> Any:  # one of the dataclasses of the formats
    """Reader of a format, with its own time convention; arguments as for `get_format`.

    The modules are imported on demand: zarr and rasterio cost each job a third of a second.
    """
    kind, _, variable = name.partition(":")
    if name == "fr-radar-rainfall":
        from rainscore.radar.fr_radar import FrRadarRainfall

        return FrRadarRainfall()
    if name in METEONET_ZONES:
        from rainscore.radar.meteonet import MeteoNet

        return MeteoNet(zone=METEONET_ZONES[name], min_quality=min_quality)
    if name == "odim":
        from rainscore.radar.odim import Odim

        return Odim(step_minutes=step_minutes, min_quality=min_quality, period=period)
    if kind == "netcdf":
        from rainscore.radar.netcdf import CfRadar

        return CfRadar(variable=variable, step_minutes=step_minutes)
    if name == "comephore":
        from rainscore.radar.comephoreradar import Comephore

        return Comephore()
    if name == "radolan":
        from rainscore.radar.radolan import Radolan

        return Radolan()
    raise RainscoreError(
        f"radar.format {name!r}: choose fr-radar-rainfall, meteonet, odim, netcdf, comephore "
        "or radolan"
    )


def remove_clutter(rate: np.ndarray, *, max_rate_mm_h: float = 300.0) -> tuple[np.ndarray, int]:
    """Set rates that are too high for rain to missing.

    Args:
        rate: Rates of any dims [mm/h], NaN where missing; left unchanged.
        max_rate_mm_h: Highest rate that is accepted as rain [mm/h].

    Returns:
        Rates with NaN above the limit, and the number of values removed.

    >>> remove_clutter(np.array([2.0, 8646.0]))
    (array([ 2., nan]), 1)
    """
    clutter = rate > max_rate_mm_h
    count = int(np.count_nonzero(clutter))
    return (np.where(clutter, np.nan, rate).astype(rate.dtype) if count else rate), count
