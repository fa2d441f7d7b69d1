"""Scoring a whole globe: one window after another, each the size of those of the training."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.grids import Grid, imerg_cells, window_grid
from rainscore.prediction.fields import unknown, words
from rainscore.prediction.scorer import CONTEXT, Scorer
from rainscore.prediction.scoring import read_around, score_each
from rainscore.regridding.conservative import nearest
from rainscore.times import HALF_HOUR

CELLS = Grid("EPSG:4326", -180.0, -90.0, 0.1, 0.1, 3600, 1800)
"""All cells of IMERG, row 0 south."""


POLE = 84.0
"""A window beyond this latitude could hold a pole, where IMERG's array is cut [degrees]."""


BATCH = 4
"""Windows at once."""


@dataclass(frozen=True)
class Band:
    """Windows side by side around the Earth, all alike but for their longitude.

    Each window gives the cells of its own block, which lies in its middle; the blocks fill the
    globe without overlap, the windows overlap.

    Attributes:
        south: First row of the cells of the blocks.
        rows: Their rows.
        columns: Columns of a block.
        learning: Grid of the window whose block begins at longitude 0.
    """

    south: int
    rows: int
    columns: int
    learning: Grid

    @cached_property
    def cells(self) -> Grid:
        """Cells that the window at longitude 0 needs."""
        return imerg_cells(self.learning)

    @property
    def firsts(self) -> np.ndarray:
        """First column of each block."""
        return np.arange(0, CELLS.nx, self.columns)

    @cached_property
    def pixels(self) -> np.ndarray:
        """Pixel of the learning grid under each cell of the block, flat, dims (rows, columns)."""
        block = Grid(CELLS.crs, 0.0, CELLS.y0 + self.south * 0.1, 0.1, 0.1, self.columns, self.rows)
        return nearest(self.learning, block)

    def read(self, field: np.ndarray, firsts: np.ndarray) -> np.ndarray:
        """Cells of the windows whose blocks begin at `firsts`, dims (window, lat, lon).

        Args:
            field: Dims (lat, lon), all cells of the globe.
            firsts: Some of `firsts`.
        """
        west = round((self.cells.x0 + 180) * 10)
        south = round((self.cells.y0 + 90) * 10)
        columns = (firsts[:, None] + west + np.arange(self.cells.nx)) % CELLS.nx
        return field[south : south + self.cells.ny][:, columns].transpose(1, 0, 2)


def bands(trained: Grid) -> list[Band]:
    """Bands of windows of the training's size, from the south to the north.

    A block is as wide as it is high, or narrower; on either side 7 % of the window or more is left.
    """
    size, step = trained.nx * trained.dx / 1000, trained.dx / 1000
    degree = 111.2
    divisors = [n for n in range(1, CELLS.nx + 1) if CELLS.nx % n == 0]
    limit = round(POLE * 10)
    rows = max(n for n in range(1, limit + 1) if limit % n == 0 and n / 10 * degree <= 0.85 * size)
    found = []
    for south in range(900 - limit, 900 + limit, rows):
        edges = np.array([south, south + rows]) / 10 - 90
        widest = np.cos(np.deg2rad(0 if edges[0] * edges[1] < 0 else np.abs(edges).min()))
        columns = max(n for n in divisors if n / 10 * degree * widest <= 0.85 * size)
        centre = (columns / 20, float(edges.mean()))
        window = window_grid(centre=centre, size_km=(size, size), step_km=step)
        found.append(Band(south, rows, columns, window))
    return found


def score_globe(
    scorer: Scorer, granules: Mapping[np.datetime64, xr.Dataset], time: np.datetime64
) -> xr.Dataset:
    """Score one half-hour everywhere between 84° south and north.

    Args:
        scorer: The models.
        granules: Datasets of `imerg.read_granule` on `CELLS`, by half-hour: the map, and what is at
            hand of the hours around it.
        time: The half-hour to score.

    Returns:
        Dims (lat, lon), IMERG's cells, each from the window in whose middle it lies: the fields of
        `Scorer.score` but the rain. Dims (window): the map score of each window with its interval,
        its cluster and novelty, and `window_lat`, `window_lon` of its centre. NaN is missing;
        windows without any rain estimate are missing altogether. `attrs["unknown"]` says what
        could not be known.

    Raises:
        RainscoreError: The granule has no rain estimate at all, or is of another product than the
            models were trained on.
    """
    scorer.differs(granules[time])
    around = {
        step: {str(name): field.values for name, field in granules[at].data_vars.items()}
        for step in range(-CONTEXT, CONTEXT + 1)
        if (at := time + step * HALF_HOUR) in granules
    }
    maps: dict[str, np.ndarray] = {}
    tables, ages_known, run = [], True, granules[time].attrs["run"]
    for band, firsts in _parts(bands(scorer.learning_grid), around[0]["precipitation"]):
        windows = {
            step: {name: band.read(field, firsts) for name, field in fields.items()}
            for step, fields in around.items()
        }
        found = scorer.predict(windows, band.learning, run=run)
        ages_known &= found.ages_known
        for name, values in found.maps.items():
            if name == "precipitation":
                continue
            whole = maps.setdefault(name, np.full(CELLS.shape, np.nan, np.float32))
            blocks = values.reshape(len(firsts), -1)[:, band.pixels]
            for first, block in zip(firsts, blocks, strict=True):
                columns = (first + CELLS.nx // 2 + np.arange(band.columns)) % CELLS.nx
                whole[band.south : band.south + band.rows, columns] = block
        lat = (band.south + band.rows / 2) / 10 - 90
        lon = ((firsts + band.columns / 2) / 10 + 180) % 360 - 180
        tables.append(found.table.assign(window_lat=lat, window_lon=lon))
    if not tables:
        raise RainscoreError("it has no rain estimate anywhere: fetch it again")
    dataset = _dataset(maps, pd.concat(tables, ignore_index=True), time)
    dataset.attrs["unknown"] = unknown(granules, time, scorer.hidden(run), ages_known=ages_known)
    return dataset


def score_globe_files(
    files: Sequence[Path], scorer: Scorer
) -> Iterator[tuple[Path, xr.Dataset | RainscoreError]]:
    """Score granules everywhere; files near in time tell each other what they can.

    Yields:
        As `score_files`.
    """
    return score_each(read_around(files, CELLS), scorer, partial(score_globe, scorer))


def _parts(found: list[Band], rain: np.ndarray) -> Iterator[tuple[Band, np.ndarray]]:
    """Bands with some of their windows, of those that have any rain estimate."""
    for band in found:
        known = np.isfinite(band.read(rain, band.firsts)).any(axis=(1, 2))
        firsts = band.firsts[known]
        for start in range(0, len(firsts), BATCH):
            yield band, firsts[start : start + BATCH]


def _dataset(maps: dict[str, np.ndarray], table: pd.DataFrame, time: np.datetime64) -> xr.Dataset:
    """Maps on the globe and the table of the windows as a CF dataset."""
    coords = {
        "lat": ("lat", CELLS.y, {"units": "degrees_north", "standard_name": "latitude"}),
        "lon": ("lon", CELLS.x, {"units": "degrees_east", "standard_name": "longitude"}),
        "time": ((), time, {"long_name": "start of the half-hour"}),
    }
    variables: dict = {
        name: (("lat", "lon"), values, {"units": "1", "long_name": words(name)})
        for name, values in maps.items()
    }
    units = {"window_lat": "degrees_north", "window_lon": "degrees_east"}
    for name in table:
        about = {"units": units.get(str(name), "1"), "long_name": words(str(name))}
        variables[name] = ("window", table[name].to_numpy(np.float32), about)
    return xr.Dataset(variables, coords, {"Conventions": "CF-1.11"})
