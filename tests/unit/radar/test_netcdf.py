from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import pytest
import xarray as xr

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.radar.formats import get_format
from rainscore.radar.frames import index_frames
from rainscore.radar.netcdf import CfRadar
from rainscore.times import steps
from tests.data import shared

RADAR = get_format("netcdf", step_minutes=10)
CRS = "EPSG:2154"


def rain(unit: str = "mm h-1", *, ascending: bool = False, bounds: bool = False) -> xr.Dataset:
    """Two frames of 2 × 3 pixels of 1 km."""
    times = pd.date_range("2023-05-01", periods=2, freq="10min")
    values = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    values[0, 0, 0] = np.nan
    y = np.array([6_600_500.0, 6_599_500.0])
    dataset = xr.Dataset(
        {
            "rr": (("time", "y", "x"), values, {"units": unit, "grid_mapping": "crs"}),
            "crs": ((), 0, pyproj.CRS(CRS).to_cf()),
        },
        {"time": times, "y": y, "x": [500.0, 1500.0, 2500.0]},
    )
    if bounds:
        ends = np.stack([times - pd.Timedelta("10min"), times], axis=1)
        dataset["time_bnds"] = (("time", "nv"), ends)
        dataset["time"].attrs["bounds"] = "time_bnds"
    return dataset.isel(y=slice(None, None, -1)) if ascending else dataset


@pytest.mark.parametrize("kind", ["nc", "zarr"])
@pytest.mark.parametrize(
    ("unit", "factor"), [("mm h-1", 1), ("kg m-2 s-1", 3600), ("mm", 6), ("m s-1", 3.6e6)]
)
def test_units_become_mm_h(kind: str, unit: str, factor: float, tmp_path: Path) -> None:
    path = tmp_path / f"rain.{kind}"
    rain(unit).to_netcdf(path, engine="h5netcdf") if kind == "nc" else rain(unit).to_zarr(path)
    rate = RADAR.read(path, 1)
    np.testing.assert_allclose(rate, np.arange(6, 12).reshape(2, 3) * factor, rtol=1e-6)
    assert rate.dtype == np.float32
    assert np.isnan(RADAR.read(path, 0)[0, 0])


@pytest.mark.parametrize("ascending", [False, True])
def test_row_0_is_north_and_the_grid_has_the_outer_corner(ascending: bool, tmp_path: Path) -> None:
    rain(ascending=ascending).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    np.testing.assert_array_equal(RADAR.read(tmp_path / "a.nc", 1)[0], [6, 7, 8])
    grid = RADAR.grid(tmp_path / "a.nc")
    assert (grid.x0, grid.y0, grid.dx, grid.dy, grid.shape) == (0, 6_601_000, 1000, -1000, (2, 3))
    assert pyproj.CRS(grid.crs).equals(pyproj.CRS(CRS), ignore_axis_order=True)


def test_kilometres_and_longitudes_are_converted(tmp_path: Path) -> None:
    dataset = rain()
    dataset = dataset.assign_coords(x=dataset["x"] / 1000, y=dataset["y"] / 1000)
    dataset["x"].attrs["units"] = dataset["y"].attrs["units"] = "km"
    dataset.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    assert RADAR.grid(tmp_path / "a.nc").dx == 1000
    degrees = rain().drop_vars("crs").rename(x="lon", y="lat")
    degrees = degrees.assign_coords(lon=[2.0, 2.5, 3.0], lat=[47.0, 46.5])
    del degrees["rr"].attrs["grid_mapping"]
    degrees.to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    grid = RADAR.grid(tmp_path / "b.nc")
    assert (grid.crs, grid.x0, grid.y0, grid.dy) == ("EPSG:4326", 1.75, 47.25, -0.5)


def test_a_time_is_the_start_unless_bounds_or_the_configuration_differ(tmp_path: Path) -> None:
    rain().to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    first = pd.Timestamp("2023-05-01")
    assert RADAR.scan(tmp_path)["time"][0] == first
    ends = get_format("netcdf", timestamp_convention="end", step_minutes=10).scan(tmp_path)
    assert ends["time"][0] == first - pd.Timedelta(minutes=10)
    (tmp_path / "b").mkdir()
    rain(bounds=True).to_netcdf(tmp_path / "b" / "b.nc", engine="h5netcdf")
    assert RADAR.scan(tmp_path / "b")["time"][0] == first - pd.Timedelta(minutes=10)


def test_an_accumulation_longer_than_a_day_is_refused(tmp_path: Path) -> None:
    long = rain()
    long = long.assign_coords(time=pd.date_range("2023-05-01", periods=2, freq="48h"))
    long["rr"].attrs["units"] = "mm"
    long.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with pytest.raises(RainscoreError, match=r"a\.nc: .*48 h, more than 24 h"):
        CfRadar().read(tmp_path / "a.nc")


def test_a_file_without_time_is_listed_with_its_problem(tmp_path: Path) -> None:
    rain().isel(time=0, drop=True).to_netcdf(tmp_path / "map.nc", engine="h5netcdf")
    rows = RADAR.scan(tmp_path)
    assert Path(rows["file"][0]).name == "map.nc"
    assert rows["time"].isna().all() and "no coordinate time" in rows["problem"][0]


def test_a_zarr_store_is_indexed_like_a_file(tmp_path: Path) -> None:
    rain().to_zarr(tmp_path / "rain.zarr")
    table = index_frames(tmp_path, RADAR, steps("2023-05-01", "2023-05-01T00:30", 10))
    assert list(table["state"]) == ["present", "present", "missing"]
    assert list(table["index"][:2]) == [0, 1]


@pytest.mark.parametrize("order", [("time", "x", "y"), ("y", "x", "time")])
def test_dims_may_be_in_any_order(order: tuple[str, ...], tmp_path: Path) -> None:
    rain().transpose(*order, ...).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    np.testing.assert_array_equal(RADAR.read(tmp_path / "a.nc", 1), [[6, 7, 8], [9, 10, 11]])
    assert RADAR.grid(tmp_path / "a.nc").shape == (2, 3)


def test_attributes_of_axes_take_precedence_over_their_names(tmp_path: Path) -> None:
    odd = rain().rename(x="north", y="east").transpose("time", "north", "east", ...)
    odd["north"].attrs["axis"], odd["east"].attrs["axis"] = "X", "Y"
    odd.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    np.testing.assert_array_equal(RADAR.read(tmp_path / "a.nc", 1), [[6, 7, 8], [9, 10, 11]])


def test_one_of_several_variables_is_selected_by_name(tmp_path: Path) -> None:
    dataset = rain()
    dataset["other"] = dataset["rr"] * 2
    dataset["other"].attrs = dict(dataset["rr"].attrs)
    dataset.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with pytest.raises(RainscoreError, match=r"several variables of rain \(rr, other\)"):
        RADAR.check(tmp_path / "a.nc")
    assert get_format("netcdf:other").read(tmp_path / "a.nc", 1)[0, 0] == 12


def test_a_file_without_rain_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.nc").write_bytes(b"<html>")
    with pytest.raises(DamagedFile, match="neither NetCDF nor Zarr"):
        RADAR.check(tmp_path / "a.nc")
    rain("K").to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    with pytest.raises(DamagedFile, match="no variable with a unit of rain"):
        RADAR.check(tmp_path / "b.nc")


def test_one_truncated_file_of_four_is_damaged_and_the_others_are_present(tmp_path: Path) -> None:
    for i in range(4):
        times = pd.date_range("2023-05-01", periods=2, freq="10min") + pd.Timedelta(minutes=20 * i)
        file = tmp_path / f"{i}.nc"
        rain().assign_coords(time=times).to_netcdf(file, engine="h5netcdf")
    (tmp_path / "2.nc").write_bytes((tmp_path / "2.nc").read_bytes()[:3000])
    rows = RADAR.scan(tmp_path)
    assert list(rows["problem"] != "") == [False] * 6 + [True]
    assert "truncated" in rows["problem"].iloc[-1]
    table = index_frames(tmp_path, RADAR, steps("2023-05-01", "2023-05-01T01:20", 10))
    assert list(table["state"]) == ["present"] * 4 + ["missing"] * 2 + ["present"] * 2


def test_ends_of_files_with_a_common_time_are_shifted_by_the_configured_step(
    tmp_path: Path,
) -> None:
    for name, start, n in (("a", "2023-05-01T23:40", 3), ("b", "2023-05-02T00:00", 3)):
        times = pd.date_range(start, periods=n, freq="10min")
        frames = xr.concat([rain().isel(time=0, drop=True)] * n, "time", data_vars=["rr"])
        frames.assign_coords(time=times).to_netcdf(tmp_path / f"{name}.nc", engine="h5netcdf")
    reader = get_format("netcdf", timestamp_convention="end", step_minutes=10)
    assert reader.scan(tmp_path)["time"][0] == pd.Timestamp("2023-05-01T23:30")


def test_the_end_of_a_single_frame_is_shifted_by_its_bounds_or_the_step(tmp_path: Path) -> None:
    for name, bounds in (("with", True), ("without", False)):
        (tmp_path / name).mkdir()
        single = rain(bounds=bounds).isel(time=[1])
        single.to_netcdf(tmp_path / name / "a.nc", engine="h5netcdf")
        reader = get_format("netcdf", timestamp_convention="end", step_minutes=10)
        rows = reader.scan(tmp_path / name)
        assert rows["time"][0] == pd.Timestamp("2023-05-01")
        assert rows["minutes"].equals(pd.Series([10.0 if bounds else np.nan]))
    rows = CfRadar(timestamp_convention="end").scan(tmp_path / "without")
    assert "length of its only frame is unknown" in rows["problem"][0]


def test_the_amount_of_a_frame_is_divided_by_its_own_length(tmp_path: Path) -> None:
    dataset = rain("mm", bounds=True)
    dataset["time"] = dataset["time"] + np.array([0, 5], "timedelta64[m]")
    ends = dataset["time"].to_numpy()
    starts = ends - np.array([10, 15], "timedelta64[m]").astype("timedelta64[ns]")
    dataset["time_bnds"] = (("time", "nv"), np.stack([starts, ends], axis=1))
    dataset.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    assert RADAR.read(tmp_path / "a.nc", 0)[0, 1] == pytest.approx(6)
    assert RADAR.read(tmp_path / "a.nc", 1)[0, 0] == pytest.approx(24)
    assert list(RADAR.scan(tmp_path)["minutes"]) == [10, 15]


def test_a_dimension_of_one_height_and_axes_of_other_names_are_read(tmp_path: Path) -> None:
    dataset = rain()
    dataset["rr"] = dataset["rr"].expand_dims(height=[1000.0], axis=1)
    dataset = dataset.rename_dims(y="ny", x="nx").rename_vars(y="north", x="east")
    for name, axis in (("north", "Y"), ("east", "X")):
        dataset[name].attrs = {"axis": axis, "units": "m"}
    dataset.drop_indexes(["north", "east"]).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    np.testing.assert_array_equal(RADAR.read(tmp_path / "a.nc", 1), [[6, 7, 8], [9, 10, 11]])
    assert RADAR.grid(tmp_path / "a.nc").x0 == 0


def test_columns_from_east_to_west_are_reversed(tmp_path: Path) -> None:
    rain().isel(x=slice(None, None, -1)).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    np.testing.assert_array_equal(RADAR.read(tmp_path / "a.nc", 1), [[6, 7, 8], [9, 10, 11]])
    assert (RADAR.grid(tmp_path / "a.nc").x0, RADAR.grid(tmp_path / "a.nc").dx) == (0, 1000)


def test_other_fields_with_a_unit_of_rain_are_not_rain(tmp_path: Path) -> None:
    dataset = rain()
    for name, unit, standard_name in (("wind", "m s-1", "eastward_wind"),
                                      ("top", "m", "cloud_top_altitude")):  # fmt: skip
        dataset[name] = dataset["rr"] * 2
        dataset[name].attrs = {"units": unit, "standard_name": standard_name}
    dataset.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    assert RADAR.read(tmp_path / "a.nc", 1)[0, 0] == 6


def test_netcdf_3_is_read(tmp_path: Path) -> None:
    rain().to_netcdf(tmp_path / "a.nc", engine="scipy", format="NETCDF3_64BIT")
    np.testing.assert_array_equal(RADAR.read(tmp_path / "a.nc", 1), [[6, 7, 8], [9, 10, 11]])
    (tmp_path / "b.nc").write_bytes((tmp_path / "a.nc").read_bytes()[:-100])
    with pytest.raises(DamagedFile, match=r"b\.nc"):
        RADAR.read(tmp_path / "b.nc", 1)


def test_a_replaced_file_is_read_anew(tmp_path: Path) -> None:
    rain().to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    assert RADAR.read(tmp_path / "a.nc", 1)[0, 0] == 6
    (tmp_path / "a.nc").unlink()
    (rain() * 2).assign(rr=rain()["rr"] * 2).assign_attrs(note="longer").pipe(
        lambda d: d.assign(rr=d["rr"].assign_attrs(rain()["rr"].attrs))
    ).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    assert RADAR.read(tmp_path / "a.nc", 1)[0, 0] == 12


@pytest.mark.parametrize(
    ("name", "minutes", "n", "centre"),
    [("bom-2_20180616", 6, 61, (144.75, -37.85)), ("mrms_20190610", 2, 36, (-81.7, 30.5)),
     ("mch_20150515", 5, 40, (7.6, 46.6)), ("opera-nimbus_20241126", 15, 5, (4.3, 47.6))],
)  # fmt: skip
def test_real_sequences_have_their_length_place_and_values(
    name: str, minutes: float, n: int, centre: tuple[float, float]
) -> None:
    file = shared(f"radar-sequences/{name}.nc")
    rows = RADAR.scan(file)
    assert len(rows) == n and set(rows["minutes"]) == {minutes}
    lon, lat = RADAR.grid(file).lonlat
    np.testing.assert_allclose((lon.mean(), lat.mean()), centre, atol=0.2)
    with xr.open_dataset(file, engine="h5netcdf") as dataset:
        np.testing.assert_allclose(RADAR.read(file, 1), dataset["rate"][1], rtol=1e-6)


def test_pixels_of_poor_quality_are_missing_in_a_real_composite() -> None:
    file = sorted(shared("opera/20180824").glob("*.hdf"))[0]
    every, good = (get_format("odim", min_quality=q).read(file) for q in (0.0, 0.5))
    assert np.isfinite(good).sum() < np.isfinite(every).sum()
    kept = np.isfinite(good)
    np.testing.assert_array_equal(good[kept], every[kept])
