from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pyproj
import pytest
import xarray as xr

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.evaluation.transfercases import (
    MARGIN,
    CaseRain,
    radar_rain,
    simulated_rain,
    write_case,
)
from rainscore.grids import window_grid
from rainscore.simulation.worlds import draw_worlds
from tests.data import shared
from tests.world import SCORE

PIXELS = {"step_km": 8, "learning_step_km": 16}
GRID = window_grid(centre=(2.5, 46.6), size_km=(192, 192), step_km=8)
MINUTE = np.timedelta64(1, "m")
WORLD = draw_worlds(1, seed=3, unseen=True)[0]


def sequence(
    path: Path, times: pd.DatetimeIndex, values: np.ndarray | None = None, *, size: int = 50
) -> Path:
    """CF file of `size` × `size` pixels of 4 km; frame i has i mm/h unless `values` are given."""
    if values is None:
        values = np.broadcast_to(np.arange(len(times))[:, None, None], (len(times), size, size))
    axis = (np.arange(size) + 0.5) * 4000.0
    attributes = {"units": "mm h-1", "grid_mapping": "crs"}
    dataset = xr.Dataset(
        {
            "rain": (("time", "y", "x"), values.astype(np.float32), attributes),
            "crs": ((), 0, pyproj.CRS("EPSG:2154").to_cf()),
        },
        {"time": times, "y": 6_700_000 - axis, "x": 600_000 + axis},
    )
    dataset["y"].attrs = {"units": "m", "standard_name": "projection_y_coordinate"}
    dataset["x"].attrs = {"units": "m", "standard_name": "projection_x_coordinate"}
    dataset.to_netcdf(path, engine="h5netcdf")
    return path


def assert_close(values: Any, expected: Any) -> None:
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-5)


def hours(start: str, end: str, minutes: int = 10) -> pd.DatetimeIndex:
    return pd.date_range(start, end, freq=f"{minutes}min", inclusive="left")


@pytest.fixture(scope="module")
def case(tmp_path_factory) -> CaseRain:
    """Frames of 0, 1, … 11 mm/h every 10 min from 11:50 to 13:50."""
    path = tmp_path_factory.mktemp("sequence") / "rain.nc"
    return radar_rain(sequence(path, hours("2021-06-30 11:50", "2021-06-30 13:50")), **PIXELS)


def test_half_hours_of_a_case_are_those_inside_the_file_in_2019(case: CaseRain) -> None:
    expected = ["2019-06-30T12:00", "2019-06-30T12:30", "2019-06-30T13:00"]
    assert case.half_hours.astype("datetime64[m]").astype(str).tolist() == expected


def test_radar_is_the_mean_of_its_frames(case: CaseRain) -> None:
    # Frame 1 starts at 12:00, so the half-hours hold the frames 1 to 3, 4 to 6 and 7 to 9.
    for radar, mean in zip(case.radar, (2, 5, 8), strict=True):
        assert_close(radar, mean)


def test_a_sequence_is_continued_by_playing_it_backward_and_forward(case: CaseRain) -> None:
    assert case.times[0] <= case.half_hours[0] - MARGIN
    assert case.times[-1] + 10 * MINUTE >= case.half_hours[-1] + 30 * MINUTE + MARGIN
    assert set(np.diff(case.times)) == {10 * MINUTE}
    rates = case.rain[:, 5, 5]
    start = int(np.searchsorted(case.times, np.datetime64("2019-06-30T11:50")))
    assert_close(rates[start : start + 12], np.arange(12))
    assert_close(rates[start + 12 : start + 24], np.arange(12)[::-1])
    assert_close(rates[start + 24 : start + 36], np.arange(12))
    assert_close(rates[start - 12 : start], np.arange(12)[::-1])


def test_the_grid_is_the_largest_square_of_whole_pixels_inside_the_frame(case: CaseRain) -> None:
    # 50 pixels of 4 km are 200 km; the square is a multiple of 32 km.
    assert (case.grid.shape, case.grid.dx, case.grid.dy) == ((24, 24), 8000, -8000)
    lon, lat = case.grid.lonlat
    x, y = pyproj.Transformer.from_crs(4326, 2154, always_xy=True).transform(lon, lat)
    assert x.min() > 598_000 and x.max() < 802_000 and y.min() > 6_498_000 and y.max() < 6_702_000
    assert np.isfinite(case.radar).all()


def test_a_leap_year_shifts_the_times_by_whole_days(tmp_path: Path) -> None:
    path = sequence(tmp_path / "rain.nc", hours("2020-12-31 22:00", "2021-01-01 01:00"))
    half_hours = radar_rain(path, **PIXELS).half_hours
    assert half_hours[0] == np.datetime64("2020-01-01T22:00") and half_hours.size == 6


def test_a_gap_of_a_sequence_is_missing_and_keeps_the_times(tmp_path: Path) -> None:
    times = hours("2021-06-30 12:00", "2021-06-30 14:00")
    with_gap = times[[0, 1, 2, 6, 7, 8, 9, 11]]  # none from 12:30 to 13:00, and not 13:40
    values = np.broadcast_to(np.arange(8.0)[:, None, None], (8, 50, 50))
    case = radar_rain(sequence(tmp_path / "rain.nc", with_gap, values), **PIXELS)
    assert_close(case.radar[:, 5, 5], [1, np.nan, 4, 6.5])
    start = int(np.searchsorted(case.times, case.half_hours[0]))
    frames = [0, 1, 2, np.nan, np.nan, np.nan, 3, 4, 5, 6, np.nan, 7]
    assert_close(case.rain[start : start + 12, 5, 5], frames)


def test_times_that_vary_by_seconds_are_regular(tmp_path: Path) -> None:
    times = hours("2021-06-30 12:00", "2021-06-30 13:00")
    late = times + pd.to_timedelta([0, 3, -3, 2, 0, -2], "s")
    case = radar_rain(sequence(tmp_path / "rain.nc", late), **PIXELS)
    assert_close(case.radar[:, 5, 5], [1, 4])


def test_missing_pixels_stay_missing(tmp_path: Path) -> None:
    values = np.ones((6, 50, 50))
    values[:, :, :25] = np.nan
    times = hours("2021-06-30 12:00", "2021-06-30 13:00")
    case = radar_rain(sequence(tmp_path / "rain.nc", times, values), **PIXELS)
    assert np.isnan(case.radar[:, :, :10]).all() and np.isnan(case.rain[:, 10, :5]).all()
    assert_close(case.radar[:, :, 14:], 1)


def test_a_grid_in_degrees_is_measured_on_the_ellipsoid(tmp_path: Path) -> None:
    times = hours("2021-06-30 12:00", "2021-06-30 13:00")
    coords = {"time": times, "lat": 62 - 0.05 * np.arange(80), "lon": 10 + 0.05 * np.arange(80)}
    rain = xr.Dataset({"rain": (("time", "lat", "lon"), np.ones((6, 80, 80)))}, coords)
    rain["rain"].attrs["units"] = "mm h-1"
    rain["lat"].attrs["units"], rain["lon"].attrs["units"] = "degrees_north", "degrees_east"
    rain.to_netcdf(tmp_path / "rain.nc", engine="h5netcdf")
    case = radar_rain(tmp_path / "rain.nc", **PIXELS)
    # 4° of longitude are 209 km at 62° N, and 445 km of latitude.
    assert case.grid.nx * case.grid.dx == 192_000
    assert np.isfinite(case.radar).all()


@pytest.mark.parametrize(
    ("times", "size", "reason"),
    [
        (hours("2021-06-30 12:00", "2021-06-30 13:00"), 30, "120 km wide, but a case needs 160"),
        (hours("2021-06-30 12:05", "2021-06-30 12:45"), 50, "no whole half-hour in 4 frames"),
        (hours("2021-06-30 12:00", "2021-06-30 18:00", 60), 50, "6 frames every 60 min"),
        (hours("2021-06-30 12:00", "2021-06-30 12:10"), 50, "frames at two or more times"),
        (pd.DatetimeIndex(["2021-06-01 00:00", "2021-06-01 00:10", "2022-06-01"]), 50, "a week"),
    ],
)
def test_a_sequence_that_makes_no_case_is_one_clear_error(
    times: pd.DatetimeIndex, size: int, reason: str, tmp_path: Path
) -> None:
    path = sequence(tmp_path / "rain.nc", times, size=size)
    with pytest.raises(RainscoreError, match=reason) as error:
        radar_rain(path, **PIXELS)
    assert str(path) in str(error.value)


def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "rain.nc"
    path.write_bytes(b"not a file of rain")
    with pytest.raises(DamagedFile, match=r"evaluation\.radar_sequences") as error:
        radar_rain(path, **PIXELS)
    assert error.value.file == str(path)


def test_the_date_line_is_one_clear_error(tmp_path: Path) -> None:
    coords = {
        "time": hours("2021-06-30 12:00", "2021-06-30 13:00"),
        "lat": 2 - 0.05 * np.arange(80),
        "lon": 178 + 0.05 * np.arange(80),
    }
    rain = xr.Dataset({"rain": (("time", "lat", "lon"), np.ones((6, 80, 80)))}, coords)
    rain["rain"].attrs["units"] = "mm h-1"
    rain["lat"].attrs["units"], rain["lon"].attrs["units"] = "degrees_north", "degrees_east"
    rain.to_netcdf(tmp_path / "rain.nc", engine="h5netcdf")
    with pytest.raises(RainscoreError, match=r"rain\.nc.*date line"):
        radar_rain(tmp_path / "rain.nc", **PIXELS)


def write(rain: CaseRain, path: Path, seed: int) -> pd.DataFrame:
    return write_case(rain, path, seed=seed, world=WORLD, run="late", settings=SCORE)


def contents(path: Path) -> dict[str, np.ndarray]:
    with h5py.File(path) as file:
        return {name: item[:] for name, item in file.items() if isinstance(item, h5py.Dataset)}


@pytest.fixture(scope="module")
def simulated(tmp_path_factory) -> tuple[Path, CaseRain]:
    span = np.datetime64("2019-07-01T00:00"), np.datetime64("2019-07-01T03:00")
    rain = simulated_rain(GRID, *span, seed=2, world=WORLD, step_minutes=30)
    path = tmp_path_factory.mktemp("simulated") / "case.h5"
    write(rain, path, seed=2)
    return path, rain


def test_a_simulated_case_has_rain_before_and_after_it(simulated) -> None:
    _, rain = simulated
    assert rain.half_hours.size == 6 and rain.radar.shape == (6, 24, 24)
    assert rain.times[0] == np.datetime64("2019-06-30T15:00")
    assert rain.times[-1] == np.datetime64("2019-07-01T11:30")
    assert rain.rain.shape == (rain.times.size, *rain.cells.shape)


def test_the_radar_of_a_simulated_case_measures_its_rain(simulated) -> None:
    _, rain = simulated
    inside = (rain.times >= rain.half_hours[0]) & (rain.times < rain.half_hours[-1] + 30 * MINUTE)
    assert np.nanmean(rain.radar) == pytest.approx(np.nanmean(rain.rain[inside]), rel=0.5)


def test_the_same_seed_gives_the_same_file(simulated, tmp_path: Path) -> None:
    path, rain = simulated
    write(rain, tmp_path / "again.h5", seed=2)
    write(rain, tmp_path / "other.h5", seed=3)
    first, again, other = (
        contents(p) for p in (path, tmp_path / "again.h5", tmp_path / "other.h5")
    )
    assert set(first) >= {"inputs", "target", "wet", "truth", "random_error", "time"}
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name], err_msg=name)
    assert not np.array_equal(first["inputs"], other["inputs"], equal_nan=True)


def test_half_hours_without_radar_are_marked_and_have_no_score(simulated, tmp_path: Path) -> None:
    _, rain = simulated
    radar = rain.radar.copy()
    radar[2] = np.nan
    gap = CaseRain(rain.grid, rain.times, rain.rain, rain.half_hours, radar)
    table = write(gap, tmp_path / "gap.h5", seed=2)
    assert table["radar_state"].tolist() == [0, 0, 1, 0, 0, 0]
    written = contents(tmp_path / "gap.h5")
    assert np.isnan(written["target"][2].astype(float)).all() and not written["truth"][2].any()


def test_a_real_sequence_becomes_a_case() -> None:
    path = shared("radar-sequences") / "opera-cirrus_20241126.nc"
    case = radar_rain(path, step_km=8, learning_step_km=16)
    # Frames from 00:55 to 01:55 every 5 min: the half-hours of 01:00 and 01:30.
    expected = np.array(["2019-11-27T01:00", "2019-11-27T01:30"], "datetime64[ns]")
    np.testing.assert_array_equal(case.half_hours, expected)
    assert np.nanmax(case.radar) > 1
