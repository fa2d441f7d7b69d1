"""Real radar sequences as the pairs of an estimate without error."""

from pathlib import Path

import numpy as np
import xarray as xr

from rainscore.grids import Grid
from rainscore.regridding.conservative import Weights, overlap_weights

SEQUENCES = (
    "bom-2_20180616",
    "bom-66_20201031",
    "fmi_20160928",
    "fmi_20170509",
    "knmi_20100826",
    "mch_20150515",
    "mch_20160711",
    "mch_20170131",
    "mrms_20190610",
    "opera-cirrus_20241126",
    "opera-nimbus_20241126",
    "rmi_20210704",
)


def half_hours(path: Path, *, block: int = 8) -> tuple[np.ndarray, Grid]:
    """Half-hour means of a sequence and their grid, cut to whole blocks of pixels.

    Returns:
        Rates [mm/h], dims (time, y, x), NaN missing, at most six half-hours; and their grid.
    """
    with xr.open_dataset(path, engine="h5netcdf") as data:
        x, y, rate = data["x"].values, data["y"].values, data["rate"].values
        step = (data["time"].values[1] - data["time"].values[0]) / np.timedelta64(1, "m")
        crs = data["crs"].attrs["crs_wkt"]
    dx, dy = (float((axis[-1] - axis[0]) / (len(axis) - 1)) for axis in (x, y))
    nx, ny = (len(axis) // block * block for axis in (x, y))
    number = max(round(30 / step), 1)
    starts = range(0, len(rate) - number + 1, number)
    means = [rate[i : i + number, :ny, :nx].mean(axis=0) for i in starts][:6]
    grid = Grid(crs, float(x[0]) - dx / 2, float(y[0]) - dy / 2, dx, dy, nx, ny)
    return np.stack(means).astype(np.float32), grid


def on_cells(rates: np.ndarray, grid: Grid, cells: Grid) -> tuple[np.ndarray, Weights]:
    """Means over IMERG's cells (time, lat, lon), and the weights."""
    weights = overlap_weights(grid, cells)
    return weights.apply(rates, min_valid=0.5)[0], weights
