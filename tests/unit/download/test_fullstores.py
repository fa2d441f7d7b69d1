"""Stores with the axes, chunks, types and fill of the open ones, of which little is written."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.cli import main
from rainscore.download.latestmaps import fetch_latest
from rainscore.download.storecatalogue import IMERG, StoreSettings
from rainscore.download.storegranules import fetch_granules, granule_request
from rainscore.download.storeplan import plan_maps
from rainscore.download.storeradar import fetch_hours, radar_request
from rainscore.grids import Grid, window_grid
from rainscore.imerg.reader import read_granule
from rainscore.radar.netcdf import CfRadar
from tests.stores import write_full_imerg, write_full_mrms

FIJI = Grid("EPSG:4326", 178.5, -19.0, 0.1, 0.1, 30, 20)  # to 178.5 degrees west
MRMS = StoreSettings(
    "", "https://catalogue.invalid/catalog.json", "noaa-mrms-conus-analysis-hourly", "0.3.0",
    "precipitation_surface",
)  # fmt: skip


@pytest.fixture(scope="module")
def imerg(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DatetimeIndex, np.ndarray]:
    """A store that ends inside a chunk, with rain from 165° east to the date line on its last day.

    Of the other side of the date line, and of other months, no chunk was written. The last
    half-hour is missing.
    """
    path = tmp_path_factory.mktemp("full") / "late"
    rain = np.round(np.random.default_rng(3).gamma(0.3, 2.0, (48, 140, 150)), 2)
    rain[-1] = np.nan
    times = pd.date_range("1998-01-01", "2026-11-20 10:30", freq="30min")
    # Row 0 of the store is 90° north: 15° south is row 1050.
    write_full_imerg(path, str(times[-1]), rain, (times.size - 48, 1050, 3450))
    return path, times, rain


def test_the_newest_maps_of_a_store_of_full_size_are_those_written_last(
    imerg: tuple[Path, pd.DatetimeIndex, np.ndarray], tmp_path: Path
) -> None:
    path, times, rain = imerg
    files = fetch_latest(tmp_path, FIJI, settings=IMERG.at(str(path)))
    newest = read_granule(files[-1])
    assert newest["time"] == times[-2]
    west = newest["precipitation"].sel(lon=slice(178.5, 180), lat=slice(-19, -17))
    np.testing.assert_allclose(west, rain[-2, 20:40, 135:][::-1], rtol=2**-8)
    assert np.isfinite(newest["precipitation"]).sum() == 20 * 15
    assert (newest["quality_index"].sel(lon=178.55, lat=-18.95)) == pytest.approx(0.6, rel=2**-8)


def test_the_command_scores_the_newest_map_of_a_store_of_full_size(
    imerg: tuple[Path, pd.DatetimeIndex, np.ndarray], run, tmp_path: Path
) -> None:
    path, times, rain = imerg
    arguments = ["--centre", "172.5", "-22", "--store", str(path), "--model", str(run.models)]
    assert main(["latest", *arguments, "--out", str(tmp_path)]) == 0
    (scored,) = tmp_path.glob("3B*.nc")
    with xr.open_dataset(scored) as maps:
        assert maps["time"] == times[-2]
        assert np.isfinite(maps["precipitation"]).all() and np.isfinite(maps["map_score"])
        # The window is small: its mean is close to that of the cells from 20.5° to 23.5° south.
        expected = rain[-2, 55:85, 60:90].mean()
        assert float(maps["precipitation"].mean()) == pytest.approx(expected, rel=0.15)


def test_a_month_that_ends_in_the_store_has_its_missing_half_hours(
    imerg: tuple[Path, pd.DatetimeIndex, np.ndarray], tmp_path: Path
) -> None:
    path, _, rain = imerg
    settings, span = IMERG.at(str(path)), ["2026-11-20T09:00", "2026-11-20T12:00"]
    request = granule_request(settings, "late", FIJI)
    plan = plan_maps("IMERG", tmp_path, {"2026-11": span}, request)
    assert plan[0].endswith("6 maps, 4 in the store, 0 on disk")
    # Two variables, each a chunk west and a chunk east of the date line; the latter is absent.
    assert plan[1].startswith("  4 chunks to read, about ")
    table = fetch_granules(tmp_path / "2026-11", *span, settings=settings, run="late", cells=FIJI)
    assert list(table["state"]) == ["present"] * 3 + ["missing"] * 3
    granule = read_granule(tmp_path / table["file"][0])
    west = granule["precipitation"].sel(lon=slice(178.5, 180), lat=slice(-19, -17))
    np.testing.assert_allclose(west, rain[-4, 20:40, 135:][::-1], rtol=2**-8)


def test_a_month_of_a_radar_store_of_full_size_is_read_from_its_chunks(tmp_path: Path) -> None:
    target = window_grid(centre=(-97.5, 35.5), size_km=(20, 20), step_km=2)
    times = pd.date_range("2014-11-01", "2021-06-20", freq="1h")
    start = int(times.get_indexer(pd.DatetimeIndex(["2021-06-10 01:00"]))[0])
    rain = np.round(np.random.default_rng(4).gamma(0.3, 2.0, (24, 60, 60)), 2)
    write_full_mrms(tmp_path / "mrms", str(times[-1]), rain, (start, 1920, 3220))
    settings, span = MRMS.at(str(tmp_path / "mrms")), ("2021-06-10", "2021-06-11T02:00")
    request = radar_request(settings, target, timestamp_convention="format")
    plan = plan_maps("radar", tmp_path, {"2021-06": list(span)}, request)
    assert plan[0].endswith("26 maps, 26 in the store, 0 on disk")
    table = fetch_hours(tmp_path / "2021-06", *span, settings=settings, target=target)
    # Beyond the day, the chunk has fill values only.
    assert list(table["state"]) == ["present"] * 24 + ["missing"] * 2
    reader, file = CfRadar(step_minutes=60), tmp_path / table["file"][0]
    grid = reader.grid(file)
    top, left = round((55 - grid.y0) * 100) - 1920, round((grid.x0 + 130) * 100) - 3220
    expected = rain[7, top : top + grid.ny, left : left + grid.nx]
    np.testing.assert_allclose(reader.read(file, 7), expected, rtol=2**-8)
