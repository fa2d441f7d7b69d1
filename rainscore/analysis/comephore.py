"""COMEPHORE: hourly rain over France from radar and gauges, against which a radar is checked."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from rasterio.errors import RasterioError

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.grids import Grid
from rainscore.regridding.conservative import overlap_weights

NAME = re.compile(r"(\d{10})_RR\.gtif")


MISSING = 65535


TENTHS = np.float32(0.1)


def scan_hours(folder: Path) -> pd.Series:
    """List the files below a folder.

    Returns:
        Paths, indexed by the START of the hour, UTC, in order. A stamp is the END of its hour.

    Raises:
        RainscoreError: There is none.
    """
    files = sorted(f for f in Path(folder).absolute().rglob("*.gtif") if NAME.fullmatch(f.name))
    if not files:
        raise RainscoreError(f"{folder}: no COMEPHORE files (YYYYMMDDHH_RR.gtif)")
    ends = pd.to_datetime([f.name[:10] for f in files], format="%Y%m%d%H").as_unit("ns")
    return pd.Series([str(f) for f in files], ends - pd.Timedelta(hours=1)).sort_index()


def read_hour(file: Path | str) -> tuple[np.ndarray, Grid]:
    """Read a file.

    Returns:
        Amount of the hour, dims (ny, nx), mm, float32, NaN where missing, row 0 north; its grid.
        Outside France the values are not real.

    Raises:
        DamagedFile: It is not such a file.
    """
    try:
        with xr.open_dataarray(file, engine="rasterio", mask_and_scale=False) as raster:
            tenths = raster.squeeze("band").to_numpy()
            transform, crs = raster.rio.transform(), raster.rio.crs
    except (RasterioError, OSError, ValueError) as error:
        raise DamagedFile(file, f"not a COMEPHORE file ({error})", "fetch it again") from error
    if crs is None or tenths.dtype != np.uint16:
        raise DamagedFile(file, "no coordinate system, or not of uint16", "fetch it again")
    amount = np.where(tenths == MISSING, np.nan, tenths * TENTHS).astype(np.float32)
    ny, nx = amount.shape
    grid = Grid(crs.to_wkt(), transform.c, transform.f, transform.a, transform.e, nx, ny)
    return amount, grid


def compare_hours(
    pair: xr.Dataset, hours: pd.Series, grid: Grid
) -> tuple[pd.DataFrame, np.ndarray]:
    """Compare the radar's hourly sums with COMEPHORE, on the study grid.

    Args:
        pair: A month of pairs: `radar` (time, y, x), mm/h, half-hour means, NaN where missing.
        hours: Files by the start of their hour (`scan_hours`).
        grid: Grid of `pair`.

    Returns:
        One row an hour that both have: `time`, `n` (pixels), `sum_radar`, `sum_gauges` [mm],
        `sum_radar2`, `sum_gauges2`, `sum_product` [mm²]: sums that add over time. And of each
        pixel, dims (3, ny, nx), the sums of the radar and of the gauges [mm] over the hours that
        have both, and their number.
    """
    rows, weights, maps = [], {}, np.zeros((3, *grid.shape), np.float32)
    starts = pair.indexes["time"]
    for start, file in zip(pd.DatetimeIndex(hours.index), hours, strict=True):
        half_past = start + pd.Timedelta(minutes=30)
        if start not in starts or half_past not in starts:
            continue
        halves = pair["radar"].sel(time=[start, half_past]).to_numpy()
        amount, own = read_hour(file)
        if own not in weights:
            weights[own] = overlap_weights(own, grid)
        gauges, _ = weights[own].apply(amount, min_valid=0.5)
        radar = halves.mean(axis=0)  # half an hour at each rate
        both = np.isfinite(radar) & np.isfinite(gauges)
        maps += np.where(both, [radar, gauges, both], 0)
        r, g = radar[both].astype(float), gauges[both].astype(float)
        rows.append((start, r.size, r.sum(), g.sum(), (r * r).sum(), (g * g).sum(), (r * g).sum()))
    sums = ["sum_radar", "sum_gauges", "sum_radar2", "sum_gauges2", "sum_product"]
    table = pd.DataFrame(rows, columns=["time", "n", *sums])
    table = table.astype({"time": "datetime64[ns]", "n": "int64", **dict.fromkeys(sums, float)})
    return table, maps


def map_hours(maps: np.ndarray, grid: Grid) -> xr.Dataset:
    """Maps of `compare_hours` as a CF dataset: where a radar is too low, its sum is below."""
    texts = {
        "radar": ("mm", "rain of the radar over the hours that have both"),
        "gauges": ("mm", "rain of COMEPHORE over the hours that have both"),
        "hours": ("1", "number of hours that have both"),
    }
    variables = {
        name: (("y", "x"), values, {"units": unit, "long_name": text, "grid_mapping": "crs"})
        for (name, (unit, text)), values in zip(texts.items(), maps, strict=True)
    }
    attrs = {"title": "Radar against radar and gauges (COMEPHORE)", "Conventions": "CF-1.11"}
    return xr.Dataset(variables | grid.cf, attrs=attrs)


def summarise_hours(table: pd.DataFrame) -> dict[str, float]:
    """Bias (radar over gauges), correlation and root-mean-square difference [mm] of all hours."""
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
