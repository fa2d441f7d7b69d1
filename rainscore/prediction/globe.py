"""Scores of the whole globe, window by window."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.grids import KM_PER_DEGREE, Grid, imerg_cells, window_grid
from rainscore.prediction.fields import globe_dataset, unavailable_inputs
from rainscore.prediction.granulesets import GranuleSet
from rainscore.prediction.scorer import Scorer
from rainscore.regridding.conservative import nearest

CELLS = Grid("EPSG:4326", -180.0, -90.0, 0.1, 0.1, 3600, 1800)
"""All IMERG cells, row 0 south."""

POLE = 84.0
"""Latitude beyond which a window could contain a pole, where IMERG's array ends [degrees]."""

BATCH = 4
"""Windows per batch."""


@dataclass(frozen=True)
class Band:
    """Windows next to each other around the Earth, which differ only in longitude.

    Each window provides the scores of the cells of one block in its middle. Blocks fill the globe
    without overlap, windows overlap.

    Attributes:
        south: First row of the cells of the blocks.
        rows: Number of rows of a block.
        columns: Number of columns of a block.
        learning: Learning grid of the window whose block begins at longitude 0.
    """

    south: int
    rows: int
    columns: int
    learning: Grid

    @cached_property
    def cells(self) -> Grid:
        """IMERG cells of the window at longitude 0."""
        return imerg_cells(self.learning)

    @property
    def firsts(self) -> np.ndarray:
        """First column of each block."""
        return np.arange(0, CELLS.nx, self.columns)

    @cached_property
    def pixels(self) -> np.ndarray:
        """Flat index of the learning pixel at each cell of the block, dims (rows, columns)."""
        block = Grid(CELLS.crs, 0.0, CELLS.y0 + self.south * 0.1, 0.1, 0.1, self.columns, self.rows)
        return nearest(self.learning, block)

    def block_columns(self, first: int) -> np.ndarray:
        """Columns on the globe of the block that begins at `first`, dims (columns,)."""
        return (first + CELLS.nx // 2 + np.arange(self.columns)) % CELLS.nx

    def centres(self, firsts: np.ndarray) -> tuple[float, np.ndarray]:
        """Latitude and longitudes (window,) of the centres of some windows [degrees]."""
        lat = (self.south + self.rows / 2) / 10 - 90
        return lat, ((firsts + self.columns / 2) / 10 + 180) % 360 - 180

    def read(self, field: np.ndarray, firsts: np.ndarray) -> np.ndarray:
        """Cells of some windows.

        Args:
            field: Field on all cells of the globe, dims (lat, lon).
            firsts: First columns of the blocks of the windows, dims (window,).

        Returns:
            Dims (window, lat, lon).
        """
        west = round((self.cells.x0 + 180) * 10)
        south = round((self.cells.y0 + 90) * 10)
        columns = (firsts[:, None] + west + np.arange(self.cells.nx)) % CELLS.nx
        return field[south : south + self.cells.ny][:, columns].transpose(1, 0, 2)


def bands(trained: Grid) -> list[Band]:
    """Bands of windows as large as the training domain, from south to north.

    A block takes at most 85 % of the width and of the height of its window.

    Args:
        trained: Learning grid of the training.
    """
    size, step = trained.nx * trained.dx / 1000, trained.dx / 1000
    divisors = [n for n in range(1, CELLS.nx + 1) if CELLS.nx % n == 0]
    limit = round(POLE * 10)
    rows = max(
        n for n in range(1, limit + 1) if limit % n == 0 and n / 10 * KM_PER_DEGREE <= 0.85 * size
    )
    all_bands = []
    for south in range(900 - limit, 900 + limit, rows):
        edges = np.array([south, south + rows]) / 10 - 90
        widest = np.cos(np.deg2rad(0 if edges[0] * edges[1] < 0 else np.abs(edges).min()))
        columns = max(n for n in divisors if n / 10 * KM_PER_DEGREE * widest <= 0.85 * size)
        centre = (columns / 20, float(edges.mean()))
        window = window_grid(centre=centre, size_km=(size, size), step_km=step)
        all_bands.append(Band(south, rows, columns, window))
    return all_bands


def score_globe(scorer: Scorer, granules: GranuleSet) -> xr.Dataset:
    """Score one half-hour everywhere between 84° south and 84° north.

    Args:
        scorer: The scorer.
        granules: The granule of the half-hour and those of the hours around it, on `CELLS`.

    Returns:
        Dims (lat, lon) on IMERG cells, each from the window in whose middle the cell lies: the
        fields of `Scorer.score` except the rain. Dims (window): map score with its interval,
        cluster and novelty of each window, `window_lat`, `window_lon` of its centre. NaN is
        missing; windows without any rain estimate are left out. Attribute: `unavailable_inputs`.

    Raises:
        RainscoreError: The granule has no rain estimate at all, or its product is not accepted.
    """
    scorer.product_difference(granules.granule)
    run, fields = granules.granule.attrs["run"], granules.fields()
    maps: dict[str, np.ndarray] = {}
    tables, ages_known = [], True
    for band, firsts in _batches(bands(scorer.learning_grid), fields[0]["precipitation"]):
        windows = {
            step: {name: band.read(field, firsts) for name, field in by_name.items()}
            for step, by_name in fields.items()
        }
        predicted = scorer.predict(windows, band.learning, run=run)
        ages_known &= predicted.ages_known
        for name, values in predicted.maps.items():
            if name != "precipitation":
                globe = maps.setdefault(name, np.full(CELLS.shape, np.nan, np.float32))
                _copy_blocks(values, globe, band, firsts)
        lat, lon = band.centres(firsts)
        tables.append(predicted.table.assign(window_lat=lat, window_lon=lon))
    if not tables:
        raise RainscoreError(_nothing_to_score(fields[0]["precipitation"]))
    table = pd.concat(tables, ignore_index=True)
    dataset = globe_dataset(maps, table, CELLS, granules.time)
    dataset.attrs["unavailable_inputs"] = unavailable_inputs(
        granules, scorer.hidden_channels(run), ages_known=ages_known
    )
    return dataset


def _nothing_to_score(rain: np.ndarray) -> str:
    """Reason why a granule cannot be scored anywhere, from its rain on `CELLS`."""
    count = np.count_nonzero(np.isfinite(rain))
    if not count:
        return "the rain of the granule is missing everywhere: leave it out"
    return (
        f"the granule has a rain estimate in {count} cells only, all beyond {POLE:g}° of latitude, "
        "where no window fits: leave it out"
    )


def _copy_blocks(values: np.ndarray, globe: np.ndarray, band: Band, firsts: np.ndarray) -> None:
    """Copy the blocks of windows, dims (window, y, x), to the globe, dims (lat, lon), in place."""
    blocks = values.reshape(len(firsts), -1)[:, band.pixels]
    for first, block in zip(firsts, blocks, strict=True):
        globe[band.south : band.south + band.rows, band.block_columns(first)] = block


def _batches(all_bands: list[Band], rain: np.ndarray) -> Iterator[tuple[Band, np.ndarray]]:
    """Batches of the windows that have any rain estimate: band, and first columns of the blocks.

    Args:
        all_bands: The bands.
        rain: Rain on all cells of the globe, dims (lat, lon), NaN where missing.
    """
    for band in all_bands:
        available = np.isfinite(band.read(rain, band.firsts)).any(axis=(1, 2))
        firsts = band.firsts[available]
        for start in range(0, len(firsts), BATCH):
            yield band, firsts[start : start + BATCH]
