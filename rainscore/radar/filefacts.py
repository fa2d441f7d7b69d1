"""Description of a file for a reader, whether it is an IMERG granule or a radar file."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyproj

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.grids import Grid
from rainscore.imerg.granulefacts import describe_granule
from rainscore.imerg.names import is_granule_name
from rainscore.radar.formats import RadarFormat, get_format

FORMATS = ("odim", "comephore", "radolan", "meteonet", "fr-radar-rainfall", "netcdf")
"""Radar formats in the order in which they are tried; `netcdf` reads the most kinds of files."""

Facts = dict[str, str | list[str]]
"""Names and texts in the order in which they are printed; a list has a line for each text."""


def inspect_file(path: Path) -> Facts:
    """Describe a granule or a radar file.

    Raises:
        RainscoreError: The file does not exist, or is neither.
    """
    if not path.exists():
        raise RainscoreError(f"{path}: no such file; check the path")
    file: Facts = {"file": str(path)}
    if is_granule_name(path):
        return file | describe_granule(path)
    reasons = []
    for name in FORMATS:
        try:
            return file | _describe_frames(path, get_format(name))
        except RainscoreError as error:
            reasons.append(f"{name}: {_reason(error)}")
    try:
        return file | describe_granule(path)
    except RainscoreError as error:
        reasons.append(f"imerg: {_reason(error)}")
    raise DamagedFile(
        path,
        "it is neither half-hourly IMERG nor a known radar file",
        f"use one of these formats ({'; '.join(reasons)})",
    )


def _reason(error: RainscoreError) -> str:
    """What is wrong, without the name of the file and the remedy."""
    return error.reason if isinstance(error, DamagedFile) else str(error)


def _describe_frames(path: Path, reader: RadarFormat) -> Facts:
    """Describe a radar file.

    Raises:
        RainscoreError: The file is not of this format.
    """
    frames = reader.scan(path)
    problems = frames["problem"] if "problem" in frames else pd.Series("", frames.index)
    usable = frames[problems == ""]
    if usable.empty:
        reason = problems.iloc[0] if len(frames) else "the file holds no frame"
        raise DamagedFile(path, reason, "use another format")
    first = usable.iloc[0]
    rate, grid = reader.read(first["file"], int(first["index"])), reader.grid(first["file"])
    facts: Facts = {
        "product": " ".join(["radar, format", reader.name, str(first.get("product", ""))]).strip(),
        "period": _period(usable, reader),
        "grid": _grid(grid),
        "rain": _rain(rate),
        "missing": f"{100 * np.isnan(rate).mean():.3g} % of the pixels of the first frame",
    }
    odd = [f"{len(group)} frames: {text}" for text, group in frames.groupby(problems) if text]
    if np.nanmax(rate, initial=0) > 300:
        odd.append("rates above 300 mm/h, which the workflow removes as clutter")
    return facts | ({"odd": odd} if odd else {})


def _period(frames: pd.DataFrame, reader: RadarFormat) -> str:
    times = pd.DatetimeIndex(frames["time"])
    steps = np.diff(times) / np.timedelta64(1, "m")
    text = f"{len(frames)} frame{'s' if len(frames) > 1 else ''}, {times[0]:%Y-%m-%d %H:%M}"
    if len(frames) > 1:
        text += f" to {times[-1]:%Y-%m-%d %H:%M}, {np.median(steps):g} min apart"
    return f"{text} UTC (start; the time stamp marks the {reader.timestamp_convention})"


def _grid(grid: Grid) -> str:
    crs = pyproj.CRS(grid.crs)
    unit = "°" if crs.is_geographic else " m"
    lon, lat = grid.lonlat
    place = (
        f"longitude {np.nanmin(lon):.4g} to {np.nanmax(lon):.4g}, latitude {np.nanmin(lat):.4g} "
        f"to {np.nanmax(lat):.4g}"
    )
    kind = "longitude and latitude" if crs.is_geographic else _projection(crs)
    return f"{grid.nx} × {grid.ny} pixels of {abs(grid.dx):g}{unit}, {kind}; {place}"


def _projection(crs: pyproj.CRS) -> str:
    operation = crs.coordinate_operation
    return operation.method_name if operation else crs.name


def _rain(rate: np.ndarray) -> str:
    known = rate[np.isfinite(rate)]
    if not known.size:
        return "none: missing everywhere in the first frame"
    wet = 100 * (known >= 0.1).mean()
    return (
        f"{wet:.2g} % of the pixels of the first frame with 0.1 mm/h or more, at most "
        f"{known.max():.3g} mm/h"
    )
