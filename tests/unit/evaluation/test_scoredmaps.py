import re
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.evaluation.scoredmaps import (
    Stations,
    list_maps,
    read_real_maps,
    read_scored_map,
    sample_map,
)
from tests.gauges import GRID, write_map

TIME = "2023-11-12T00:30"


def stations(*lonlat: tuple[float, float]) -> Stations:
    return Stations(pd.DataFrame(lonlat, columns=["longitude", "latitude"]))


def test_a_scored_map_is_read_with_its_time_grid_and_fields(tmp_path: Path) -> None:
    rain = np.arange(400, dtype=float).reshape(20, 20)
    scored = read_scored_map(write_map(tmp_path, TIME, rain, score=0.5))
    assert scored.time == np.datetime64(TIME)
    assert scored.grid == GRID
    assert (scored.wet_threshold, scored.window_km) == (0.1, 48)
    np.testing.assert_array_equal(scored.fields["precipitation"], rain)
    assert np.isnan(scored.fields["hidden_rain_probability"]).all()


def test_a_station_has_the_values_of_the_pixel_around_it(tmp_path: Path) -> None:
    rain = np.arange(400, dtype=float).reshape(20, 20)
    scored = read_scored_map(write_map(tmp_path, TIME, rain))
    lon, lat = GRID.lonlat
    places = stations((lon[3, 7], lat[3, 7]), (lon[19, 0], lat[19, 0]), (-48, -25), (20, 60))
    values = sample_map(scored, places)["precipitation"]
    np.testing.assert_array_equal(values, [67, 380, np.nan, np.nan])


def test_the_wet_share_is_that_of_seven_pixels_squared_and_of_the_pixels_inside(
    tmp_path: Path,
) -> None:
    rain = np.zeros((20, 20))
    rain[10, 7:14] = 0.1  # one row of the square
    rain[13, 10], rain[14, 10] = np.nan, 5  # missing; outside the square
    rain[0, 0] = 1
    scored = read_scored_map(write_map(tmp_path, TIME, rain))
    lon, lat = GRID.lonlat
    values = sample_map(scored, stations((lon[10, 10], lat[10, 10]), (lon[0, 0], lat[0, 0])))
    np.testing.assert_allclose(values["wet_share"], [7 / 48, 1 / 16])


def test_the_window_rain_is_that_of_the_window_of_the_score(tmp_path: Path) -> None:
    rain = np.random.default_rng(0).gamma(0.3, 2, (20, 20))
    scored = read_scored_map(write_map(tmp_path, TIME, rain))
    lon, lat = GRID.lonlat
    value = sample_map(scored, stations((lon[10, 10], lat[10, 10])))["window_rain"][0]
    distance = np.hypot(*np.meshgrid(GRID.x - GRID.x[10], GRID.y - GRID.y[10])) / 1e3
    # A Gaussian of the area 48² km², cut at 48 km / √2 = 33.94 km.
    weight = np.where(distance < 33.95, np.exp(-(distance**2) * 2 * np.pi / 48**2), 0)
    assert value == pytest.approx((rain * weight).sum() / weight.sum(), rel=1e-6)


def test_folders_are_searched_for_maps(tmp_path: Path) -> None:
    paths = [write_map(tmp_path, f"2023-11-12T0{hour}:00", 1) for hour in (1, 0)]
    (tmp_path / "picture.png").touch()
    assert list_maps([tmp_path, paths[0]]) == sorted(paths)
    with pytest.raises(RainscoreError, match="there is no such scored map or folder"):
        list_maps([tmp_path / "none"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(RainscoreError, match="make some with `rainscore score`"):
        list_maps([tmp_path / "empty"])


def test_simulated_maps_are_left_out_and_alone_refused(tmp_path: Path, caplog) -> None:
    real = write_map(tmp_path, TIME, 1)
    simulated = write_map(tmp_path, TIME, 2, name="simulated.nc", world="simulated")
    assert [scored.path for scored in read_real_maps([simulated, real])] == [real]
    assert "1 simulated maps are left out" in caplog.text
    with pytest.raises(RainscoreError, match="all scored maps are simulated"):
        list(read_real_maps([simulated]))


@pytest.mark.parametrize(
    ("time", "attributes", "message"),
    [
        (TIME, {}, "are of the same half-hour: give one of them"),
        ("2023-11-12T01:00", {"model_unet_sha256": "def"}, "differ in the attribute model_unet"),
    ],
)
def test_maps_that_cannot_be_combined_are_refused(
    tmp_path: Path, time: str, attributes: dict, message: str
) -> None:
    paths = [write_map(tmp_path, TIME, 1), write_map(tmp_path, time, 1, name="b.nc", **attributes)]
    with pytest.raises(RainscoreError, match=message):
        list(read_real_maps(paths))


def mutate(path: Path, kind: str) -> None:
    if kind == "cut":
        path.write_bytes(path.read_bytes()[:-5000])
        return
    if kind == "text":
        path.write_text("score")
        return
    with h5py.File(path, "a") as file:
        if kind == "no score":
            del file["score"]
        elif kind == "no grid":
            del file.attrs["grid"]
        elif kind == "bad grid":
            file.attrs["grid"] = file.attrs["grid"].replace("laea", "nowhere")
        elif kind == "bad json":
            file.attrs["score"] = "{"
        elif kind == "no threshold":
            file.attrs["score"] = "{}"


@pytest.mark.parametrize(
    "kind", ["cut", "text", "no score", "no grid", "bad grid", "bad json", "no threshold"]
)
def test_a_damaged_map_gives_one_error_with_its_name(tmp_path: Path, kind: str) -> None:
    path = write_map(tmp_path, TIME, 1)
    mutate(path, kind)
    with pytest.raises(DamagedFile, match=re.escape(f"{path}: it is not a scored map")):
        read_scored_map(path)


def test_a_globe_is_refused_because_it_holds_no_rain(tmp_path: Path) -> None:
    window = xr.load_dataset(write_map(tmp_path, TIME, 1), engine="h5netcdf")
    path = tmp_path / "globe.nc"
    window.assign(window_lat=("window", [0.0])).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(DamagedFile, match=r"scored globe.*--bbox or --centre"):
        read_scored_map(path)


def test_a_variable_that_the_map_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match="quality"):
        read_scored_map(write_map(tmp_path, TIME, 1), ["quality"])
