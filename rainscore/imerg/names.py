"""File names of half-hourly IMERG granules."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

NAME = re.compile(
    r"3B-HHR(?P<run>-L|-E)?\.MS\.MRG\.3IMERG\.(?P<day>\d{8})-S(?P<start>\d{6})-E\d{6}"
    r"\.(?P<minute>\d{4})\.(?P<version>V\d\d[A-Z])"
    r"(_subsetted)?(\.(HDF5|RT-H5|SUB|dap|nc4|nc|h5))+(\.\d+)?"
)


RUNS = {None: "final", "-L": "late", "-E": "early"}


@dataclass(frozen=True)
class GranuleName:
    """What the name of a granule says.

    Attributes:
        run: `final`, `late` or `early`.
        start: Start of the half-hour, UTC, datetime64[ns].
        version: Product version, such as `V07B`.
    """

    run: str
    start: np.datetime64
    version: str


def parse_name(path: Path | str) -> GranuleName:
    """Read run, start and version from a granule's file name.

    Args:
        path: File; only its name counts. Every ending met in archives is known: `.HDF5`, `.RT-H5`,
            `.nc4`, `.HDF5.dap.nc4`, `.HDF5.1` and the like.

    Raises:
        ValueError: The name is not that of a half-hourly IMERG granule.

    >>> parse_name("3B-HHR-L.MS.MRG.3IMERG.20190602-S103000-E105959.0630.V07B.HDF5").run
    'late'
    """
    name = Path(path).name
    match = NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name}: not the name of a half-hourly IMERG granule")
    day, clock = match["day"], match["start"]
    start = np.datetime64(f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}", "ns")
    minute = (start - start.astype("datetime64[D]")).astype("timedelta64[m]").astype(int)
    if clock[4:] != "00" or minute % 30 or minute != int(match["minute"]):
        raise ValueError(f"{name}: its start S{clock} and its minute {match['minute']} disagree")
    return GranuleName(RUNS[match["run"]], start, match["version"])
