"""Additive sums of a month by day and source: joint rates, spectra, and the timing of the rain."""

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.analysis.cells import CellMonth
from rainscore.analysis.conditions import SOURCE_NAMES, named
from rainscore.grids import Grid
from rainscore.io import MAPS_PER_CHUNK
from rainscore.regridding.conservative import nearest
from rainscore.scores.jointhistogram import joint_histogram
from rainscore.scores.spectral import SpectralSums, spectral_sums, wavelengths
from rainscore.scores.sums import additive

SERIES = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)


RATE_EDGES = np.array([0.0, *(s * d for d in (0.1, 1.0, 10.0) for s in SERIES), 100.0]).round(4)
"""Lower edges of the classes of rate [mm/h]: below 0.1, then ten a decade."""


SPECTRUM_STEP_KM = 4.0
"""Finer pixels are averaged to it before the transform: IMERG's cells are coarser still."""


TILE_KM = 384.0
"""Side of the tiles of the spectra [km], less where the domain is smaller."""


ONE_SOURCE = 2 / 3
"""Share of a tile that one source must have for the tile to count as its."""


SPECTRUM_SOURCES = (*SOURCE_NAMES, "several")


OFFSETS = (-3, -2, -1, 0, 1, 2, 3)
"""Half-hours by which the radar is taken later than IMERG."""


def rate_sums(month: CellMonth) -> pd.DataFrame:
    """Joint histogram of both products' rates.

    Returns:
        One row for each day, source and pair of classes that occurs: day, source, `imerg_class`,
        `radar_class` (indices into `RATE_EDGES`) and n (cells).
    """
    days, place = month.days
    counts = np.zeros((days.size, len(list(SOURCE_NAMES)), *[RATE_EDGES.size] * 2), np.int64)
    for s in range(len(SOURCE_NAMES)):
        rates = np.where(month.source == s, month.imerg, np.float32(np.nan))
        np.add.at(counts[:, s], place, joint_histogram(rates, month.radar, RATE_EDGES))
    day, source, imerg, radar = np.nonzero(counts)
    return pd.DataFrame(
        {
            "day": days[day].astype("datetime64[ns]"),
            "source": named(source, SOURCE_NAMES),
            "imerg_class": imerg.astype(np.uint8),
            "radar_class": radar.astype(np.uint8),
            "n": counts[day, source, imerg, radar],
        }
    )


def spectrum_sums(pair: xr.Dataset, month: CellMonth) -> pd.DataFrame:
    """Power of both products and what they share, by wavelength, on the study grid.

    Tiles in which neither product has rain hold no power and do not count.

    Args:
        pair: The month's pairs.
        month: Of the same pairs.

    Returns:
        One row for each day, source that fills a tile ('several' where none does) and band: day,
        source, `wavelength_km`, `imerg_power`, `radar_power`, `cross_power` [(mm/h)²], tiles.
    """
    grid = Grid.from_json(pair.attrs["grid"])
    block = max(1, int(SPECTRUM_STEP_KM * 1000 // abs(grid.dx)))
    step = block * abs(grid.dx) / 1000
    tile = 2 * int(min(TILE_KM / step, *(n // block for n in grid.shape)) // 2)
    pick = nearest(month.cells, grid).ravel()
    days, place = month.days
    shape = days.size, len(SPECTRUM_SOURCES)
    powers, tiles = np.zeros((*shape, 3, tile // 2)), np.zeros(shape, np.int64)
    for start in range(0, month.times.size, MAPS_PER_CHUNK):
        part = slice(start, start + MAPS_PER_CHUNK)
        imerg, radar = (
            _block_means(_tiles(pair[name].isel(time=part).values, tile * block), block)
            for name in _PRODUCTS
        )
        of_cells = month.source[part].reshape(len(imerg), -1)
        of_pixels = np.where(pick >= 0, of_cells[:, pick], SOURCE_NAMES.index("unknown"))
        filled = _filling_source(_tiles(of_pixels.reshape(-1, *grid.shape), tile * block))
        # Wet, and nothing missing: the sum of what a tile misses is NaN, not above 0.
        use = (imerg.sum(axis=(2, 3)) + radar.sum(axis=(2, 3))) > 0
        days_of = np.broadcast_to(place[part, None], use.shape)[use]
        sums = spectral_sums(imerg[use], radar[use], tile=tile)
        where = days_of, filled[use]
        np.add.at(powers, where, np.stack(sums[:3], axis=1))
        np.add.at(tiles, where, sums.tiles[:, 0])
    day, source = np.nonzero(tiles)
    bands = tile // 2
    kept = powers[day, source]
    return pd.DataFrame(
        {
            "day": np.repeat(days[day].astype("datetime64[ns]"), bands),
            "source": named(np.repeat(source, bands), SPECTRUM_SOURCES),
            "wavelength_km": np.tile(wavelengths(tile, step), day.size),
            **{name: kept[:, i].ravel() for i, name in enumerate(SpectralSums._fields[:3])},
            "tiles": np.repeat(tiles[day, source], bands),
        }
    )


_PRODUCTS = ("imerg", "radar")


def _tiles(field: np.ndarray, tile: int) -> np.ndarray:
    """Square tiles (time, tile, y, x) of a field (time, y, x), from its first corner."""
    ny, nx = (n // tile for n in field.shape[1:])
    cut = field[:, : ny * tile, : nx * tile]
    return cut.reshape(-1, ny, tile, nx, tile).swapaxes(2, 3).reshape(-1, ny * nx, tile, tile)


def _block_means(tiles: np.ndarray, block: int) -> np.ndarray:
    """Means of blocks of pixels of tiles (time, tile, y, x); NaN where one is missing."""
    ny, nx = (n // block for n in tiles.shape[2:])
    return tiles.reshape(*tiles.shape[:2], ny, block, nx, block).mean(axis=(3, 5))


def _filling_source(source: np.ndarray) -> np.ndarray:
    """Index into `SPECTRUM_SOURCES` of each tile (time, tile, y, x)."""
    shares = np.stack([(source == s).mean(axis=(2, 3)) for s in range(len(SOURCE_NAMES))], axis=-1)
    several = SPECTRUM_SOURCES.index("several")
    return np.where(shares.max(axis=-1) >= ONE_SOURCE, shares.argmax(axis=-1), several)


def timing_sums(month: CellMonth) -> pd.DataFrame:
    """Products of IMERG and of the radar at each of `OFFSETS`, over the cells of each source.

    All offsets use the same cells: those that the radar sees at every one. Both rains enter as
    ln(1 + R / 0.1 mm/h), so that a few heavy cells do not decide.

    Returns:
        One row for each day, source and pair of columns: day, source, i, j, value, the sum of the
        products of columns i ≤ j; column 0 is 1, column 1 IMERG, then the radar at each offset.
        The sums give the correlation of IMERG with the mean of any run of offsets
        (`timing.timing_correlations`).
    """
    days, place = month.days
    width = 2 + len(OFFSETS)
    sums = np.zeros((days.size, len(list(SOURCE_NAMES)), width, width))
    imerg, radar = (np.log1p(rates / np.float32(0.1)) for rates in (month.imerg, month.radar))
    steps = np.diff(month.times) / np.timedelta64(30, "m")
    for t in range(-OFFSETS[0], month.times.size - OFFSETS[-1]):
        run = slice(t + OFFSETS[0], t + OFFSETS[-1] + 1)
        if (steps[run.start : run.stop - 1] != 1).any():
            continue
        columns = np.concatenate([imerg[[t]], radar[run]]).reshape(width - 1, -1)
        known = np.isfinite(columns).all(axis=0)
        source = month.source[t].ravel()
        for s in np.unique(source[known]):
            of = columns[:, known & (source == s)].astype(np.float64)
            of = np.vstack([np.ones_like(of[0]), of])
            sums[place[t], s] += additive(of @ of.T)
    i, j = np.triu_indices(width)
    day, source = np.nonzero(sums[..., 0, 0])
    return pd.DataFrame(
        {
            "day": np.repeat(days[day].astype("datetime64[ns]"), i.size),
            "source": named(np.repeat(source, i.size), SOURCE_NAMES),
            "i": np.tile(i, day.size).astype(np.uint8),
            "j": np.tile(j, day.size).astype(np.uint8),
            "value": sums[day, source][:, i, j].ravel(),
        }
    )
