"""File names of half-hourly IMERG granules."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from rainscore.times import HALF_HOUR

GRANULE_NAME = re.compile(
    r"3B-HHR(?P<run>-L|-E|)\.MS\.MRG\.3IMERG\.(?P<day>\d{8})-S(?P<start>\d{6})-E(?P<end>\d{6})"
    r"\.(?P<minute>\d{4})\.(?P<version>V\d\d[A-Z])"
    r"(_subsetted)?(\.(HDF5|RT-H5|SUB|dap|nc4|nc|h5))+(\.\d+)?"
)


RUN_SUFFIXES = {"final": "", "late": "-L", "early": "-E"}
"""Runs of IMERG, and the suffix of each in file names."""


@dataclass(frozen=True)
class GranuleName:
    """Content of a granule's file name.

    Attributes:
        run: `final`, `late` or `early`.
        start: Start of the half-hour, UTC, datetime64[ns].
        version: Product version, such as `V07B`.
    """

    run: str
    start: np.datetime64
    version: str


def is_granule_name(path: Path | str) -> bool:
    """Whether a name has the form of that of a half-hourly IMERG granule."""
    return GRANULE_NAME.fullmatch(Path(path).name) is not None


def parse_name(path: Path | str) -> GranuleName:
    """Read run, start and version from a granule's file name.

    Args:
        path: File, of which only the name is used. All endings that the archives use are
            accepted: `.HDF5`, `.RT-H5`, `.nc4`, `.HDF5.dap.nc4`, `.HDF5.1` and others.

    Raises:
        ValueError: The name is not that of a half-hourly IMERG granule, or states a time that does
            not exist.

    >>> parse_name("3B-HHR-L.MS.MRG.3IMERG.20190602-S103000-E105959.0630.V07B.HDF5").run
    'late'
    """
    return _parse(Path(path).name)


@lru_cache(maxsize=1000)  # a granule contains its own name
def _parse(name: str) -> GranuleName:
    match = GRANULE_NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name}: not the name of a half-hourly IMERG granule")
    day, clock = match["day"], match["start"]
    try:
        start = np.datetime64(f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}", "ns")
    except ValueError as error:
        raise ValueError(f"{name}: no such time: {day} {clock}") from error
    minute = (start - start.astype("datetime64[D]")).astype("timedelta64[m]").astype(int)
    if clock[4:] != "00" or minute % 30 or minute != int(match["minute"]):
        raise ValueError(
            f"{name}: its start S{clock} and its minute of the day {match['minute']} disagree"
        )
    if match["end"] != _end_clock(start):
        raise ValueError(f"{name}: its end E{match['end']} is not that of its half-hour")
    run = next(run for run, suffix in RUN_SUFFIXES.items() if suffix == match["run"])
    return GranuleName(run, start, match["version"])


def granule_name(run: str, start: np.datetime64, version: str = "V07B") -> str:
    """File name that GES DISC gives a granule.

    Args:
        run: `final`, `late` or `early`.
        start: Start of the half-hour, UTC.
        version: Product version.

    >>> granule_name("late", np.datetime64("2019-06-02T10:30"))
    '3B-HHR-L.MS.MRG.3IMERG.20190602-S103000-E105959.0630.V07B.HDF5'
    """
    day, clock = str(start.astype("datetime64[m]")).split("T")
    minute = int(clock[:2]) * 60 + int(clock[3:])
    product = f"3B-HHR{RUN_SUFFIXES[run]}.MS.MRG.3IMERG"
    return (
        f"{product}.{day.replace('-', '')}-S{clock.replace(':', '')}00"
        f"-E{_end_clock(start)}.{minute:04d}.{version}.HDF5"
    )


def _end_clock(start: np.datetime64) -> str:
    """Last second of a half-hour, as `HHMMSS`."""
    return str(start.astype("datetime64[s]") + HALF_HOUR - 1).split("T")[1].replace(":", "")
