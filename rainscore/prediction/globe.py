"""Scores of the whole globe, window by window."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np
import pandas as pd
import pyproj
import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.grids import KM_PER_DEGREE, Grid, imerg_cells, window_grid
from rainscore.prediction.blending import Blend, edge_weights
from rainscore.prediction.fields import (
    globe_dataset,
    unavailable_inputs,
    withheld_share,
    withhold,
)
from rainscore.prediction.granulesets import GranuleSet
from rainscore.prediction.margins import Crop
from rainscore.prediction.plausibility import check_rain
from rainscore.prediction.scorer import Scorer
from rainscore.regridding.conservative import nearest

CELLS = Grid("EPSG:4326", -180.0, -90.0, 0.1, 0.1, 3600, 1800)
"""All IMERG cells, row 0 south."""

POLE = 84.0
"""Latitude beyond which a window could contain a pole, where IMERG's array ends [degrees]."""

BATCH = 1
"""Windows per batch; with two, the network takes 15 % more processor time per window."""

BLOCK_KM = 1600.0
"""Maximum side of a block, unless the training domain is larger [km]."""

OVERLAP = 28
"""Width of the rim of a window around its block, unless it exceeds OVERLAP_KM [pixels]."""

OVERLAP_KM = 224.0
"""Maximum width of the rim [km]."""

SKIPPED = 8 / 28
"""Share of the rim, from its edge, that is not used."""


@dataclass(frozen=True)
class Band:
    """Windows next to each other around the Earth, which differ only in longitude.

    Blocks fill the globe without overlap. A window is a block with a rim around it; neighbouring
    windows are blended where their rims overlap.

    Attributes:
        south: First row of the cells of the blocks.
        rows: Number of rows of a block.
        columns: Number of columns of a block.
        learning: Learning grid of the window whose block begins at longitude 0.
        maps: Parts of a window, as large as the training domain, that get a map score.
    """

    south: int
    rows: int
    columns: int
    learning: Grid
    maps: tuple[Crop, ...]

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
        """Flat index of the learning pixel at each cell of the window, dims (lat, lon), or −1."""
        return nearest(self.learning, self.cells)

    @cached_property
    def weights(self) -> np.ndarray:
        """Weight of the window in the blend at each of its cells, dims (lat, lon)."""
        rim = _rim(self.learning)
        options = {"skipped": SKIPPED * rim, "width": 2 * (1 - SKIPPED) * rim}
        of_rows, of_columns = (edge_weights(n, **options) for n in self.learning.shape)
        weights = np.outer(of_rows, of_columns).ravel()[np.maximum(self.pixels, 0)]
        beyond = np.abs(self.cells.y) > POLE
        return np.where((self.pixels >= 0) & ~beyond[:, None], weights, 0).astype(np.float32)

    @property
    def lattice_rows(self) -> slice:
        """Rows on the globe of the cells of the windows."""
        south = round((self.cells.y0 + 90) * 10)
        return slice(south, south + self.cells.ny)

    def lattice_columns(self, first: int) -> np.ndarray:
        """Columns on the globe of the cells of the window whose block begins at `first`."""
        west = round((self.cells.x0 + 180) * 10)
        return (first + west + np.arange(self.cells.nx)) % CELLS.nx

    @cached_property
    def first_centres(self) -> tuple[np.ndarray, np.ndarray]:
        """Latitude and longitude [degrees] of the maps of the window at longitude 0, (map,)."""
        grid = self.learning
        x = [grid.x0 + (part.left + part.nx / 2) * grid.dx for part in self.maps]
        y = [grid.y0 + (part.top + part.ny / 2) * grid.dy for part in self.maps]
        to_lonlat = pyproj.Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
        lon, lat = map(np.asarray, to_lonlat.transform(x, y))
        return lat, lon

    def centres(self, firsts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Latitude and longitude [degrees] of the centre of each map, dims (maps × windows,)."""
        lat, lon = (values[:, None] for values in self.first_centres)
        lon = (lon + firsts / 10 + 180) % 360 - 180
        return np.broadcast_to(lat, lon.shape).ravel(), lon.ravel()

    def read(self, field: np.ndarray, firsts: np.ndarray) -> np.ndarray:
        """Cells of some windows.

        Args:
            field: Field on all cells of the globe, dims (lat, lon).
            firsts: First columns of the blocks of the windows, dims (window,).

        Returns:
            Dims (window, lat, lon).
        """
        columns = np.array([self.lattice_columns(first) for first in firsts])
        return field[self.lattice_rows][:, columns].transpose(1, 0, 2)


def _rim(grid: Grid) -> int:
    """Width of the rim of a window [pixels]."""
    return min(OVERLAP, int(OVERLAP_KM * 1000 / grid.dx))


def bands(trained: Grid) -> list[Band]:
    """Bands of windows, from south to north.

    A block is at most twice as wide and as high as the training domain, plus a pixel: larger
    windows have less overlap for the same rim.

    Args:
        trained: Learning grid of the training.
    """
    size, step = trained.nx * trained.dx / 1000, trained.dx / 1000
    largest = max(0.85 * size, min(2 * size, BLOCK_KM))
    divisors = [n for n in range(1, CELLS.nx + 1) if CELLS.nx % n == 0]
    limit = round(POLE * 10)
    rows = max(
        n for n in range(1, limit + 1) if 2 * limit % n == 0 and n / 10 * KM_PER_DEGREE <= largest
    )
    side = max(ceil(largest / step) + 2 * _rim(trained), trained.nx)
    all_bands = []
    for south in range(900 - limit, 900 + limit, rows):
        edges = np.array([south, south + rows]) / 10 - 90
        widest = np.cos(np.deg2rad(0 if edges[0] * edges[1] < 0 else np.abs(edges).min()))
        columns = max(n for n in divisors if n / 10 * KM_PER_DEGREE * widest <= largest + step)
        centre = (columns / 20, float(edges.mean()))
        window = window_grid(centre=centre, size_km=(side * step, side * step), step_km=step)
        block = [n / 10 * KM_PER_DEGREE / step for n in (rows, columns * widest)]
        all_bands.append(Band(south, rows, columns, window, _map_windows(side, block, trained)))
    return all_bands


def _map_windows(side: int, block: list[float], trained: Grid) -> tuple[Crop, ...]:
    """Parts of a window that cover its block and are as large as the training domain.

    Args:
        side: Number of rows and columns of the window.
        block: Number of rows and columns of the block.
        trained: Learning grid of the training.
    """
    tops, lefts = (
        np.unique(np.linspace(side - n, side + n - 2 * size, ceil(n / size)).round() // 2)
        if n > size
        else [(side - size) // 2]
        for n, size in zip(block, trained.shape, strict=True)
    )
    return tuple(
        Crop(int(top), int(left), trained.ny, trained.nx) for top in tops for left in lefts
    )


def score_globe(scorer: Scorer, granules: GranuleSet) -> xr.Dataset:
    """Score one half-hour everywhere between 84° south and 84° north.

    Args:
        scorer: The scorer.
        granules: The granule of the half-hour and those of the hours around it, on `CELLS`.

    Returns:
        Dims (lat, lon) on IMERG cells, blended from overlapping windows: the fields of
        `Scorer.score`. Dims (window): map score with its interval, cluster and
        novelty of maps as large as the training domain, `window_lat`, `window_lon` of their
        centres. NaN is missing; maps without any rain estimate are left out. Attributes:
        `unavailable_inputs`, `calibration_state`.

    Raises:
        RainscoreError: The granule has no rain estimate at all, its rain cannot be real, or its
            product is not accepted.
    """
    scorer.product_difference(granules.granule)
    run, fields = granules.granule.attrs["run"], granules.fields()
    check_rain(fields[0]["precipitation"])
    blend, tables, ages_known, states = Blend(CELLS.shape), [], True, set[str]()
    for band, firsts in _batches(bands(scorer.learning_grid), fields[0]["precipitation"]):
        windows = {
            step: {name: band.read(field, firsts) for name, field in by_name.items()}
            for step, by_name in fields.items()
        }
        predicted = scorer.predict(windows, band.learning, run=run, windows=band.maps)
        ages_known &= predicted.ages_known
        states.update(predicted.states)
        _blend(predicted.maps, blend, band, firsts)
        lat, lon = band.centres(firsts)
        table = predicted.table.assign(window_lat=lat, window_lon=lon)
        tables.append(table[table["valid"]].drop(columns="valid"))
    if not tables:
        raise RainscoreError(_nothing_to_score(fields[0]["precipitation"]))
    table = pd.concat(tables, ignore_index=True)
    scored = withhold(blend.fields())
    maps = {"precipitation": fields[0]["precipitation"], **scored}
    dataset = globe_dataset(maps, table, CELLS, granules.time)
    dataset.attrs["withheld_share"] = withheld_share(scored)
    dataset.attrs["calibration_state"] = "; ".join(sorted(states))
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


def _blend(maps: Mapping[str, np.ndarray], blend: Blend, band: Band, firsts: np.ndarray) -> None:
    """Add the fields of windows, dims (window, y, x), to the globe; the rain is left out."""
    pixels = np.maximum(band.pixels, 0)
    for i, first in enumerate(firsts):
        fields = {
            name: values[i].ravel()[pixels]
            for name, values in maps.items()
            if name != "precipitation"
        }
        blend.add(fields, band.weights, band.lattice_rows, band.lattice_columns(first))


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
