"""Granules to score, each with the granules of the hours around it."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.grids import Grid
from rainscore.imerg.dateline import read_turned
from rainscore.imerg.lattice import COLUMNS
from rainscore.imerg.reader import check_granule, read_granule, stored_cells
from rainscore.times import HALF_HOUR

log = logging.getLogger("rainscore")

CONTEXT = 12
"""Number of half-hours before and after a map from which the ages of passes are computed."""

CONTEXT_FIELDS = ("precipitation", "mw_source")
"""Fields that are read of the half-hours around a map."""


@dataclass(frozen=True)
class GranuleSet:
    """A granule and the granules of the hours around it.

    Attributes:
        time: Start of the half-hour of the map, datetime64[ns].
        by_time: Datasets of `imerg.reader.read_granule` by start of the half-hour: all fields of
            the map, `CONTEXT_FIELDS` of the half-hours around it that are available.
        stored: Cells of the file of the map; None if they are not known.
    """

    time: np.datetime64
    by_time: Mapping[np.datetime64, xr.Dataset]
    stored: Grid | None = None

    @property
    def granule(self) -> xr.Dataset:
        """The granule of the map."""
        return self.by_time[self.time]

    def has(self, step: int) -> bool:
        """Whether the half-hour `step` half-hours after the map is available."""
        return self.time + step * HALF_HOUR in self.by_time

    def crop(self, cells: Grid) -> "GranuleSet":
        """The granules on some of the cells on which they were read."""
        south = round((cells.y[0] - float(self.granule["lat"][0])) * 10)
        west = round((cells.x[0] - float(self.granule["lon"][0])) * 10)
        part = {
            "lat": slice(south, south + cells.ny),
            "lon": slice(west, west + cells.nx),
        }
        return replace(
            self, by_time={time: granule.isel(part) for time, granule in self.by_time.items()}
        )

    def fields(self) -> dict[int, dict[str, np.ndarray]]:
        """Fields by step in half-hours from the map, −CONTEXT to CONTEXT, dims (lat, lon)."""
        return {
            step: {
                str(name): field.values
                for name, field in self.by_time[self.time + step * HALF_HOUR].data_vars.items()
            }
            for step in range(-CONTEXT, CONTEXT + 1)
            if self.has(step)
        }


def read_granule_sets(
    files: Sequence[Path], cells: Grid, *, context: Sequence[Path] = (), angle: float = 0.0
) -> Iterator[tuple[Path, GranuleSet | RainscoreError]]:
    """Read granules one after another, each with those of the hours around it.

    Memory does not grow with the number of files.

    Args:
        files: Granules to score; all half-hours of a file that has several.
        cells: IMERG cells to read.
        context: Further granules, used only as half-hours around the others.
        angle: Angle by which the cells are turned (`scoringgrids.contiguous`) [degrees].

    Yields:
        (file, error) for each file or half-hour that cannot be used; (file, granules) in order of
        time.
    """
    by_time: dict[np.datetime64, Path] = {}
    for file in dict.fromkeys([*files, *context]):
        try:
            starts = [half_hour.start for half_hour in check_granule(file)]
            same = next((by_time[start] for start in starts if start in by_time), None)
            if same and file in files:
                raise RainscoreError(f"{same} is of the same half-hour: give one of them")
            by_time = dict.fromkeys(starts, file) | by_time
        except (RainscoreError, OSError) as error:
            if file in files:
                yield file, RainscoreError(str(error))
            else:
                log.warning("not used: %s", error)
    near: dict[np.datetime64, xr.Dataset] = {}
    for start, file in sorted(by_time.items()):
        if file not in files:
            continue
        around = {start + step * HALF_HOUR for step in range(-CONTEXT, CONTEXT + 1)} - {start}
        near = {time: granule for time, granule in near.items() if time in around}
        try:
            granule = _read(file, cells, time=start, angle=angle)
            stored = turned_cells(stored_cells(file), -angle)
        except (RainscoreError, OSError) as error:
            yield file, RainscoreError(str(error))
            continue
        for time in around & by_time.keys() - near.keys():
            try:
                near[time] = _read(by_time[time], cells, CONTEXT_FIELDS, time=time, angle=angle)
            except (RainscoreError, OSError) as error:
                log.warning("not used: %s", error)
        yield file, GranuleSet(start, {**near, start: granule}, stored)


def _read(file: Path, cells: Grid, *names: Sequence[str], time: np.datetime64, angle: float):
    """Read a half-hour on cells that are turned by an angle."""
    if angle:
        return read_turned(file, cells, *names, angle=angle, time=time)
    return read_granule(file, cells, *names, time=time)


def turned_cells(cells: Grid, angle: float) -> Grid:
    """Cells of a file after a turn; those of the whole globe stay in place."""
    if cells.nx == COLUMNS or not angle:
        return cells
    middle = cells.x0 + cells.nx * cells.dx / 2 + angle
    return replace(cells, x0=cells.x0 + angle - 360 * round(middle / 360))
