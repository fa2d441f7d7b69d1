"""Pairs of IMERG with an hourly radar: both products are compared as means of the hour."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.analysis.cells import cell_month
from rainscore.analysis.dailysums import timing_sums
from rainscore.analysis.tabulation import condition_sums, place_sums
from rainscore.imerg.manifests import index_granules
from rainscore.imerg.names import granule_name
from rainscore.imerg.reader import FIELDS
from rainscore.imerg.writer import write_granule
from rainscore.io import write_netcdf
from rainscore.radar.formats import get_format
from rainscore.radar.frames import index_frames
from rainscore.regridding.conservative import overlap_weights
from rainscore.regridding.hourly import compared, hour_means, is_hourly
from rainscore.regridding.pairs import month_pair
from rainscore.regridding.radarreader import RadarReader
from rainscore.scores.choice.monthsample import MonthSample
from rainscore.scores.scoremaps import score_month
from rainscore.times import steps
from rainscore.training.features import write_features
from tests.unit.regridding.test_radarreader import write_cf
from tests.world import CELLS, GRID, LEARNING, SCORE, TO_CELLS, radar_settings

START, END = "2019-05-01T00:00", "2019-05-01T03:00"
IMERG = (0.0, 4.0, 3.0, 1.0, 2.0, 2.0)
RADAR = (2.0, 1.0, 5.0)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    """Three hours of constant maps; the last half-hour of IMERG is absent."""
    folder: Path = tmp_path_factory.mktemp("hours")
    (folder / "imerg").mkdir()
    (folder / "radar").mkdir()
    for time, rain in zip(steps(START, END)[:-1], IMERG, strict=False):
        fields = {name: (("lat", "lon"), np.full(CELLS.shape, rain, np.float32)) for name in FIELDS}
        granule = xr.Dataset(fields, {"lat": CELLS.y, "lon": CELLS.x, "time": time})
        granule["precipitation_uncal"] = granule["precipitation"]
        write_granule(folder / "imerg" / granule_name("final", time, "V07B"), granule, run="final")
    for time, rate in zip(steps(START, END, 60), RADAR, strict=True):
        frame = np.full((1, *GRID.shape), rate)
        write_cf(folder / "radar" / f"{time}.nc", np.array([time]), GRID, frame, 60)
    reader = get_format("netcdf", step_minutes=60)
    frames = index_frames(folder / "radar", reader, steps(START, END, 60))
    settings = radar_settings({**radar_settings().__dict__, "format": "netcdf", "step_minutes": 60})
    month = month_pair(
        steps(START, END),
        index_granules(folder / "imerg", steps(START, END)),
        RadarReader(frames, reader, GRID, settings),
        overlap_weights(CELLS, GRID),
    )
    write_netcdf(month, folder / "pair.nc")
    return xr.open_dataset(folder / "pair.nc", engine="h5netcdf").load()


def middle(field: xr.DataArray) -> np.ndarray:
    """Values in the middle of the maps, dims (time,)."""
    return field.values[:, field.shape[1] // 2, field.shape[2] // 2]


def test_the_radar_and_the_mean_of_imerg_are_in_the_first_half_hour(pair: xr.Dataset) -> None:
    nan = np.nan
    assert is_hourly(pair)
    np.testing.assert_allclose(middle(pair["radar"]), [2, nan, 1, nan, 5, nan], rtol=1e-5)
    np.testing.assert_allclose(middle(pair["imerg_hour"]), [2, nan, 2, nan, nan, nan], rtol=1e-5)
    np.testing.assert_allclose(middle(pair["imerg"]), [*IMERG[:5], nan], rtol=1e-5)
    np.testing.assert_array_equal(pair["radar_state"], 0)
    np.testing.assert_array_equal(pair["imerg_state"], [0, 0, 0, 0, 0, 1])


def test_compared_pairs_have_hour_means_under_the_names_of_the_half_hours(pair: xr.Dataset) -> None:
    hours = compared(pair)
    xr.testing.assert_equal(hours["imerg"], pair["imerg_hour"].rename("imerg"))
    np.testing.assert_allclose(middle(hours["precipitation"])[[0, 2]], [2, 2])
    assert hours.attrs["reference_minutes"] == 60
    half_hourly = pair.drop_vars(["imerg_hour", "precipitation_hour"])
    assert compared(half_hourly) is half_hourly


def test_sums_count_each_hour_once(pair: xr.Dataset) -> None:
    maps, table = score_month(compared(pair), TO_CELLS, SCORE)
    cells = table["n"].iloc[0]
    assert cells > 0
    assert list(table["n"]) == [cells, 0, cells, 0, 0, 0]
    np.testing.assert_allclose(table["sum_imerg"] / cells, [2, 0, 2, 0, 0, 0], rtol=1e-5)
    np.testing.assert_allclose(table["sum_radar"] / cells, [2, 0, 1, 0, 0, 0], rtol=1e-5)
    score = middle(maps["score"])
    assert score[0] == pytest.approx(1, abs=1e-5)
    assert score[2] < 0.999 and np.isnan(score[[1, 3, 4, 5]]).all()


def test_both_half_hours_of_an_hour_have_its_score_as_target(
    pair: xr.Dataset, tmp_path: Path
) -> None:
    maps, _ = score_month(compared(pair), TO_CELLS, SCORE)
    write_features(pair, maps, overlap_weights(CELLS, LEARNING), tmp_path / "f.h5")
    with h5py.File(tmp_path / "f.h5", "r") as file:
        target, wet, truth = (file[name][:] for name in ("target", "wet", "truth"))
        rain = file["inputs"][:, list(file.attrs["channels"]).index("rain")]
    np.testing.assert_array_equal(target[0], target[1])
    np.testing.assert_array_equal(target[2], target[3])
    assert np.isfinite(target[:4]).any(axis=(1, 2)).all() and np.isnan(target[4:]).all()
    np.testing.assert_array_equal(truth[0], truth[1])
    # The first half-hour of IMERG is dry, whatever the hour is.
    np.testing.assert_array_equal(wet.any(axis=(1, 2)), [False, True, True, True, True, False])
    assert rain[0].max() < rain[1].max()


def test_tables_by_condition_and_place_count_each_hour_once(pair: xr.Dataset) -> None:
    hours = compared(pair)
    maps, _ = score_month(hours, TO_CELLS, SCORE)
    month = cell_month(hours, TO_CELLS)
    table = condition_sums(month, maps, threshold=0.2).groupby("time")["n"].sum()
    assert list(table[table > 0].index) == list(pd.DatetimeIndex(month.times[[0, 2]]))
    places = place_sums(month, maps, threshold=0.2)
    assert int(places["maps"]) == 2 and places["n"].max() == 2
    assert timing_sums(month).empty
    assert MonthSample(hours, SCORE, TO_CELLS).times(100).size == 3


def test_the_mean_of_an_hour_needs_both_half_hours() -> None:
    values = np.array([[1.0], [3.0], [2.0], [np.nan]], np.float32)
    np.testing.assert_array_equal(hour_means(values), [[2], [np.nan], [np.nan], [np.nan]])


def test_hourly_pairs_need_whole_hours() -> None:
    empty = pd.DataFrame({"time": pd.DatetimeIndex([])})
    settings = radar_settings({**radar_settings().__dict__, "step_minutes": 60})
    radar = RadarReader(empty, get_format("netcdf"), GRID, settings)
    with pytest.raises(ValueError, match="whole hours"):
        month_pair(steps(START, END)[1:], empty, radar, overlap_weights(CELLS, GRID))
