"""Additive sums of a month by day: joint rates, spectra and timing by source, and FSS by scale."""

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.analysis.cells import CellMonth, unique_days
from rainscore.analysis.classes import CELL_SOURCES, RATE_EDGES, THRESHOLDS, UNKNOWN
from rainscore.analysis.conditions import categorical
from rainscore.grids import Grid
from rainscore.io import MAPS_PER_CHUNK
from rainscore.regridding.conservative import nearest
from rainscore.scores.fssbyscale import ScaleSums, scale_sums
from rainscore.scores.jointhistogram import joint_histogram
from rainscore.scores.spectral import SpectralSums, spectral_sums, wavelengths
from rainscore.scores.sums import additive
from rainscore.times import HALF_HOUR

SPECTRUM_STEP_KM = 4.0
"""Pixel size to which finer pixels are averaged before the Fourier transform [km]."""


TILE_KM = 384.0
"""Side of the tiles of the spectra [km]; smaller if the domain is."""


MIN_SOURCE_SHARE = 2 / 3
"""Minimum share of a tile that one source must fill for the tile to count for that source."""


SPECTRUM_SOURCES = (*CELL_SOURCES, "several")
"""Sources of a tile; `several` if no source fills it."""


OFFSETS = (-3, -2, -1, 0, 1, 2, 3)
"""Time shifts of the radar relative to IMERG, later is positive [half-hours]."""


WINDOWS_KM = (4, 12, 20, 36, 68, 132, 260)
"""Sides of the windows of the FSS by scale [km]; rounded to odd numbers of pixels."""


def rate_sums(month: CellMonth) -> pd.DataFrame:
    """Compute the joint histogram of the rates of both products.

    Returns:
        One row per day, source and pair of classes that occurs: day, source, imerg_class,
        radar_class (indices into `RATE_EDGES`), n (number of cells).
    """
    days, day_index = month.days
    counts = np.zeros((days.size, len(CELL_SOURCES), *[RATE_EDGES.size] * 2), np.int64)
    for s in range(len(CELL_SOURCES)):
        rates = np.where(month.source == s, month.imerg, np.float32(np.nan))
        np.add.at(counts[:, s], day_index, joint_histogram(rates, month.radar, RATE_EDGES))
    day, source, imerg, radar = np.nonzero(counts)
    return pd.DataFrame(
        {
            "day": days[day].astype("datetime64[ns]"),
            "source": categorical(source, CELL_SOURCES),
            "imerg_class": imerg.astype(np.uint8),
            "radar_class": radar.astype(np.uint8),
            "n": counts[day, source, imerg, radar],
        }
    )


def spectrum_sums(pair: xr.Dataset, month: CellMonth) -> pd.DataFrame:
    """Compute the power of both products and their cross power by wavelength, on the study grid.

    A tile counts if no pixel is missing and either product has rain.

    Args:
        pair: Pair file of the month.
        month: Rates and conditions of the same month.

    Returns:
        One row per day, source of `SPECTRUM_SOURCES` and band: day, source, wavelength_km,
        imerg_power, radar_power, cross_power [(mm/h)²], tiles (number of tiles).
    """
    grid = Grid.from_json(pair.attrs["grid"])
    block = max(1, int(SPECTRUM_STEP_KM * 1000 // abs(grid.dx)))
    step = block * abs(grid.dx) / 1000
    tile = 2 * int(min(TILE_KM / step, *(n // block for n in grid.shape)) // 2)
    cell_of_pixel = nearest(month.cells, grid).ravel()
    days, day_index = month.days
    shape = days.size, len(SPECTRUM_SOURCES)
    powers, tiles = np.zeros((*shape, 3, tile // 2)), np.zeros(shape, np.int64)
    for start in range(0, month.times.size, MAPS_PER_CHUNK):
        part = slice(start, start + MAPS_PER_CHUNK)
        imerg, radar = (
            _block_means(_tiles(pair[name].isel(time=part).values, tile * block), block)
            for name in ("imerg", "radar")
        )
        cell_source = month.source[part].reshape(len(imerg), -1)
        pixel_source = np.where(
            cell_of_pixel >= 0, cell_source[:, cell_of_pixel], CELL_SOURCES.index(UNKNOWN)
        )
        tile_source = _filling_source(_tiles(pixel_source.reshape(-1, *grid.shape), tile * block))
        # False also where a pixel is missing, because the sum is NaN.
        use = (imerg.sum(axis=(2, 3)) + radar.sum(axis=(2, 3))) > 0
        tile_day = np.broadcast_to(day_index[part, None], use.shape)[use]
        sums = spectral_sums(imerg[use], radar[use], tile=tile)
        place = tile_day, tile_source[use]
        np.add.at(powers, place, np.stack(sums[:3], axis=1))
        np.add.at(tiles, place, sums.tiles[:, 0])
    day, source = np.nonzero(tiles)
    bands = tile // 2
    kept = powers[day, source]
    return pd.DataFrame(
        {
            "day": np.repeat(days[day].astype("datetime64[ns]"), bands),
            "source": categorical(np.repeat(source, bands), SPECTRUM_SOURCES),
            "wavelength_km": np.tile(wavelengths(tile, step), day.size),
            **{name: kept[:, i].ravel() for i, name in enumerate(SpectralSums._fields[:3])},
            "tiles": np.repeat(tiles[day, source], bands),
        }
    )


def _tiles(field: np.ndarray, tile: int) -> np.ndarray:
    """Cut a field (time, y, x) into square tiles (time, tile, y, x), starting at pixel (0, 0)."""
    ny, nx = (n // tile for n in field.shape[1:])
    cut = field[:, : ny * tile, : nx * tile]
    return cut.reshape(-1, ny, tile, nx, tile).swapaxes(2, 3).reshape(-1, ny * nx, tile, tile)


def _block_means(tiles: np.ndarray, block: int) -> np.ndarray:
    """Average blocks of pixels of tiles (time, tile, y, x); NaN where a pixel is missing."""
    ny, nx = (n // block for n in tiles.shape[2:])
    return tiles.reshape(*tiles.shape[:2], ny, block, nx, block).mean(axis=(3, 5))


def _filling_source(source: np.ndarray) -> np.ndarray:
    """Index into `SPECTRUM_SOURCES` of each tile (time, tile, y, x)."""
    shares = np.stack([(source == s).mean(axis=(2, 3)) for s in range(len(CELL_SOURCES))], axis=-1)
    several = SPECTRUM_SOURCES.index("several")
    return np.where(shares.max(axis=-1) >= MIN_SOURCE_SHARE, shares.argmax(axis=-1), several)


def timing_sums(month: CellMonth) -> pd.DataFrame:
    """Sum the products of IMERG and the radar at each of `OFFSETS`, over the cells of each source.

    All offsets use the same cells: those where the radar is valid at every offset. Rates R enter
    as ln(1 + R / 0.1 mm/h), to limit the weight of heavy rain.

    Returns:
        One row per day, source and pair of variables i ≤ j: day, source, i, j, value (sum of the
        products). Variable 0 is 1, variable 1 IMERG, and the others the radar at each offset. The
        sums give the correlation of IMERG with the mean of the radar over any range of offsets
        (`summaries.timing_correlations`).
    """
    days, day_index = month.days
    width = 2 + len(OFFSETS)
    sums = np.zeros((days.size, len(CELL_SOURCES), width, width))
    imerg, radar = (np.log1p(rates / np.float32(0.1)) for rates in (month.imerg, month.radar))
    steps = np.diff(month.times) / HALF_HOUR
    for t in range(-OFFSETS[0], month.times.size - OFFSETS[-1]):
        run = slice(t + OFFSETS[0], t + OFFSETS[-1] + 1)
        if (steps[run.start : run.stop - 1] != 1).any():
            continue
        columns = np.concatenate([imerg[[t]], radar[run]]).reshape(width - 1, -1)
        valid = np.isfinite(columns).all(axis=0)
        source = month.source[t].ravel()
        for s in np.unique(source[valid]):
            rows = columns[:, valid & (source == s)].astype(np.float64)
            rows = np.vstack([np.ones_like(rows[0]), rows])
            sums[day_index[t], s] += additive(rows @ rows.T)
    i, j = np.triu_indices(width)
    day, source = np.nonzero(sums[..., 0, 0])
    return pd.DataFrame(
        {
            "day": np.repeat(days[day].astype("datetime64[ns]"), i.size),
            "source": categorical(np.repeat(source, i.size), CELL_SOURCES),
            "i": np.tile(i, day.size).astype(np.uint8),
            "j": np.tile(j, day.size).astype(np.uint8),
            "value": sums[day, source][:, i, j].ravel(),
        }
    )


def scale_windows(step_km: float) -> list[int]:
    """Sides of the windows of `WINDOWS_KM` in pixels: odd, ascending, without repeats."""
    return sorted({2 * max(round((km / step_km - 1) / 2), 0) + 1 for km in WINDOWS_KM})


def fss_sums(pair: xr.Dataset, *, min_valid: float) -> pd.DataFrame:
    """Compute the sums of the FSS at each of `THRESHOLDS` and window sizes, on the study grid.

    Args:
        pair: Pair file of the month.
        min_valid: Minimum share (0 to 1) of valid pixels of a window.

    Returns:
        One row per day with valid pixels, threshold and window: day, threshold [mm/h], window_km,
        and the fields of `ScaleSums`.
    """
    step_km = abs(Grid.from_json(pair.attrs["grid"]).dx) / 1000
    windows = scale_windows(step_km)
    days, day_index = unique_days(pair["time"].values)
    shape = len(ScaleSums._fields), days.size, len(THRESHOLDS), len(windows)
    sums = np.zeros(shape, np.int64)
    for start in range(0, day_index.size, MAPS_PER_CHUNK):
        part = slice(start, start + MAPS_PER_CHUNK)
        imerg, radar = (pair[name].isel(time=part).values for name in ("imerg", "radar"))
        chunk = scale_sums(
            imerg, radar, thresholds=THRESHOLDS, windows=windows, min_valid=min_valid
        )
        for field, values in zip(sums, chunk, strict=True):
            np.add.at(field, day_index[part], values)
    day, threshold, window = (axis.ravel() for axis in np.indices(sums.shape[1:]))
    table = pd.DataFrame(
        {
            "day": days[day].astype("datetime64[ns]"),
            "threshold": np.array(THRESHOLDS)[threshold],
            "window_km": np.array(windows)[window] * step_km,
            **{name: values.ravel() for name, values in zip(ScaleSums._fields, sums, strict=True)},
        }
    )
    return table[table["valid"] > 0].reset_index(drop=True)
