"""Comparison of a radar with COMEPHORE, hourly rain over France from radar and gauges."""

import logging
from collections.abc import Iterable

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.errors import DamagedFile
from rainscore.grids import Grid
from rainscore.radar.comephorefiles import read_hour
from rainscore.regridding.conservative import overlap_weights
from rainscore.regridding.hourly import is_hourly

SUMS = ["sum_radar", "sum_gauges", "sum_radar2", "sum_gauges2", "sum_product"]
"""Sums over the pixels of an hour."""


log = logging.getLogger("rainscore")


def compare_hours(
    pair: xr.Dataset, hours: pd.Series, grid: Grid
) -> tuple[pd.DataFrame, np.ndarray]:
    """Compare the hourly sums of the radar with COMEPHORE, on the study grid.

    Args:
        pair: Pair file of a month: `radar` (time, y, x), half-hour means [mm/h], NaN where missing.
        hours: Files by the start of their hour (`comephorefiles.scan_hours`).
        grid: Study grid.

    Returns:
        One row per hour that both have and that can be read: time, n (number of pixels), sum_radar,
        sum_gauges [mm], sum_radar2, sum_gauges2, sum_product [mm²], which add over time. And sums
        of each pixel over these hours, dims (3, y, x): radar [mm], COMEPHORE [mm], and number of
        hours.
    """
    rows, weights, maps = [], {}, np.zeros((3, *grid.shape), np.float32)
    starts = pair.indexes["time"]
    for start, file in zip(pd.DatetimeIndex(hours.index), hours, strict=True):
        half_past = start + pd.Timedelta(minutes=30)
        if start not in starts or half_past not in starts:
            continue
        # With hourly radar, the first half-hour has the mean of the hour.
        times = [start] if is_hourly(pair) else [start, half_past]
        halves = pair["radar"].sel(time=times).to_numpy()
        try:
            amount, source = read_hour(file)
        except DamagedFile as error:
            log.warning("hour not compared: %s", error)
            continue
        if source not in weights:
            weights[source] = overlap_weights(source, grid)
        gauges, _ = weights[source].apply(amount, min_valid=0.5)
        radar = halves.mean(axis=0)  # [mm]: half an hour at each rate
        both = np.isfinite(radar) & np.isfinite(gauges)
        maps += np.where(both, [radar, gauges, both], 0)
        r, g = radar[both].astype(float), gauges[both].astype(float)
        rows.append((start, r.size, r.sum(), g.sum(), (r * r).sum(), (g * g).sum(), (r * g).sum()))
    table = pd.DataFrame(rows, columns=["time", "n", *SUMS])
    table = table.astype({"time": "datetime64[ns]", "n": "int64", **dict.fromkeys(SUMS, float)})
    return table, maps


def compare_months(
    pairs: Iterable[xr.Dataset], hours: pd.Series
) -> tuple[pd.DataFrame, xr.Dataset]:
    """Compare the hourly sums of the radar with COMEPHORE in all months.

    Args:
        pairs: Pair files of the months, on one study grid.
        hours: Files by the start of their hour (`comephorefiles.scan_hours`).

    Returns:
        Table of `compare_hours` of all months, and dataset of `map_hours`.
    """
    tables, maps = [], []
    for pair in pairs:
        grid = Grid.from_json(pair.attrs["grid"])
        table, sums = compare_hours(pair, hours, grid)
        tables.append(table)
        maps.append(sums)
    return pd.concat(tables), map_hours(np.sum(maps, axis=0), grid)


def map_hours(maps: np.ndarray, grid: Grid) -> xr.Dataset:
    """CF dataset of the sums of each pixel of `compare_hours`."""
    texts = {
        "radar": ("mm", "rain of the radar in the hours with both products"),
        "gauges": ("mm", "rain of COMEPHORE in the hours with both products"),
        "hours": ("1", "number of hours with both products"),
    }
    variables = {
        name: (("y", "x"), values, {"units": unit, "long_name": text, "grid_mapping": "crs"})
        for (name, (unit, text)), values in zip(texts.items(), maps, strict=True)
    }
    attrs = {"title": "Radar compared with COMEPHORE (radar and gauges)", "Conventions": "CF-1.11"}
    return xr.Dataset(variables | grid.cf, attrs=attrs)


def summarise_hours(table: pd.DataFrame) -> dict[str, float]:
    """Bias (radar / COMEPHORE), correlation and root-mean-square difference [mm] of all hours."""
    total = table.drop(columns="time").sum()
    n = total["n"]
    if not n:
        return {"hours": 0, "pixels": 0}
    mean_r, mean_g = total["sum_radar"] / n, total["sum_gauges"] / n
    covariance = total["sum_product"] / n - mean_r * mean_g
    spread = np.sqrt(
        max(total["sum_radar2"] / n - mean_r**2, 0) * max(total["sum_gauges2"] / n - mean_g**2, 0)
    )
    square = (total["sum_radar2"] - 2 * total["sum_product"] + total["sum_gauges2"]) / n
    return {
        "hours": len(table),
        "pixels": int(n),
        "bias": float(total["sum_radar"] / total["sum_gauges"]) if total["sum_gauges"] else np.nan,
        "correlation": float(covariance / spread) if spread else np.nan,
        "rmse": float(np.sqrt(max(square, 0))),
    }
