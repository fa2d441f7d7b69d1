from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
import rioxarray  # noqa: F401  (adds .rio)
import xarray as xr

from rainscore.analysis.comephore import compare_hours, summarise_hours
from rainscore.grids import RADAR_CRS, Grid
from rainscore.radar.comephorefiles import read_hour, scan_hours
from tests.data import shared

GRID = Grid(RADAR_CRS, 0.0, -4_500_000.0, 1000.0, -1000.0, 3, 2)


def write(folder: Path, stamp: str, tenths: list) -> Path:
    data = xr.DataArray(np.array([tenths], np.uint16), dims=("band", "y", "x"))
    data = data.assign_coords(x=GRID.x, y=GRID.y).rio.write_crs(RADAR_CRS)
    path = folder / f"{stamp}_RR.gtif"
    data.rio.to_raster(path, driver="GTiff")
    return path


def pair(rates: list[float]) -> xr.Dataset:
    times = pd.date_range("2020-01-01", periods=len(rates), freq="30min", unit="ns")
    values = np.broadcast_to(np.array(rates, np.float32)[:, None, None], (len(rates), 2, 3))
    return xr.Dataset(
        {"radar": (("time", "y", "x"), values)},
        {"time": times},
        {"grid": GRID.to_json()},
    )


def test_an_hour_is_in_tenths_of_a_millimetre_and_starts_before_its_stamp(tmp_path: Path) -> None:
    path = write(tmp_path, "2020010101", [[0, 5, 65535], [10, 20, 30]])
    amount, grid = read_hour(path)
    expected = np.array([[0, 0.5, np.nan], [1, 2, 3]])
    np.testing.assert_allclose(amount, expected, rtol=1e-6)
    assert (grid.x0, grid.y0, grid.dx, grid.dy) == (GRID.x0, GRID.y0, 1000, -1000)
    assert scan_hours(tmp_path).index[0] == pd.Timestamp("2020-01-01")


def test_hourly_sums_are_compared_where_both_products_are_valid(tmp_path: Path) -> None:
    write(tmp_path, "2020010101", [[10, 10, 65535], [10, 10, 10]])
    write(tmp_path, "2020010102", [[10] * 3, [10] * 3])
    table, maps = compare_hours(pair([1.0, 3.0, 2.0]), scan_hours(tmp_path), GRID)
    assert list(table["time"]) == [pd.Timestamp("2020-01-01")]
    row = table.iloc[0]
    assert row["n"] == 5
    assert (row["sum_radar"], row["sum_gauges"]) == pytest.approx((10, 5), rel=1e-5)
    np.testing.assert_allclose(maps[:, 0], [[2, 2, 0], [1, 1, 0], [1, 1, 0]], rtol=1e-5)
    summary = summarise_hours(table)
    assert summary["bias"] == pytest.approx(2, rel=1e-5)
    assert summary["rmse"] == pytest.approx(1, rel=1e-5)


def test_the_correlation_is_that_of_numpy(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    tenths = rng.integers(0, 100, (2, 3))
    write(tmp_path, "2020010101", tenths.tolist())
    radar = rng.gamma(1.0, 2.0, (2, 2, 3)).astype(np.float32)
    month = pair([0.0, 0.0])
    month["radar"] = (("time", "y", "x"), radar)
    summary = summarise_hours(compare_hours(month, scan_hours(tmp_path), GRID)[0])
    expected = np.corrcoef(radar.mean(axis=0).ravel(), tenths.ravel())[0, 1]
    assert summary["correlation"] == pytest.approx(expected, rel=1e-5)


def test_real_files_have_the_values_and_the_grid_of_the_french_mosaic() -> None:
    hours = scan_hours(shared("comephore"))
    assert (len(hours), hours.index[0]) == (8, pd.Timestamp("2011-11-04 20:00"))
    amount, grid = read_hour(hours.iloc[0])
    with rasterio.open(hours.iloc[0]) as raster:
        tenths = raster.read(1)
    np.testing.assert_allclose(amount, tenths / 10, rtol=1e-6)
    assert grid.dx == 1000
    lon, lat = grid.lonlat
    assert 43 < lat.mean() < 50
    assert 3 < lon.mean() < 8


def test_an_hour_that_cannot_be_read_is_not_compared(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, "2020010101", [[10] * 3] * 2)
    damaged = write(tmp_path, "2020010102", [[10] * 3] * 2)
    damaged.write_bytes(damaged.read_bytes()[:60])
    table, _ = compare_hours(pair([1.0] * 4), scan_hours(tmp_path), GRID)
    assert list(table["time"]) == [pd.Timestamp("2020-01-01")]
    assert "2020010102_RR.gtif" in caplog.text
