"""Values of IMERG files decoded by the names and attributes in the files, written by xarray."""

import fcntl
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from rainscore.errors import DamagedFile
from rainscore.imerg.reader import check_granule, read_granule

SIDE = 6
RAIN = np.arange(SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE)
"""Rain of 6 × 6 cells from 2.0°E and 45.0°N, dims (lat, lon)."""


def subset(
    path: Path,
    values: np.ndarray = RAIN,
    *,
    name: str = "precipitation",
    dims: tuple[str, ...] = ("time", "lon", "lat"),
    attrs: dict | None = None,
    north_first: bool = False,
) -> Path:
    """Write a subset of 6 × 6 cells with its variables in the root, by xarray."""
    lat, lon = 45.05 + 0.1 * np.arange(SIDE), 2.05 + 0.1 * np.arange(SIDE)
    field = xr.DataArray(
        values[None], {"time": [0], "lat": lat, "lon": lon}, ("time", "lat", "lon"), attrs=attrs
    )
    if north_first:
        field = field.isel(lat=slice(None, None, -1))
    dataset = field.transpose(*dims).to_dataset(name=name)
    if name != "precipitation":
        dataset["precipitation"] = xr.zeros_like(field.transpose(*dims))
    dataset["time"] = ("time", np.array([1243506600], np.int32), {"units": EPOCH})
    plain = {key: {"_FillValue": None} for key in [*dataset.coords, *dataset]}
    if attrs and "_FillValue" in attrs:
        plain[name] = {}
    dataset.to_netcdf(path, engine="h5netcdf", encoding=plain)
    return path


EPOCH = "seconds since 1980-01-06 00:00:00 UTC"


@pytest.mark.parametrize(
    "dims", [("time", "lon", "lat"), ("time", "lat", "lon"), ("lat", "time", "lon")]
)
def test_a_square_subset_is_read_by_the_names_of_its_dimensions(tmp_path: Path, dims) -> None:
    granule = read_granule(subset(tmp_path / "a.nc4", dims=dims))
    np.testing.assert_array_equal(granule.precipitation, RAIN)
    assert granule.time.values == np.datetime64("2019-06-02T10:30")


def test_the_attribute_of_dimension_names_is_used_where_no_scales_are_attached(
    tmp_path: Path,
) -> None:
    path = subset(tmp_path / "a.nc4")
    with h5py.File(path, "a") as file:
        del file["precipitation"]
        file["precipitation"] = RAIN[None]
        file["precipitation"].attrs["DimensionNames"] = np.bytes_("time,lat,lon")
    np.testing.assert_array_equal(read_granule(path).precipitation, RAIN)
    with h5py.File(path, "a") as file:
        file["precipitation"].attrs["DimensionNames"] = np.bytes_("time,row,column")
    with pytest.raises(DamagedFile, match="dimensions of /precipitation are time, row, column"):
        check_granule(path)


def test_a_subset_with_north_first_is_read_with_south_first(tmp_path: Path) -> None:
    granule = read_granule(subset(tmp_path / "a.nc4", north_first=True))
    np.testing.assert_array_equal(granule.precipitation, RAIN)
    np.testing.assert_allclose(granule.lat, 45.05 + 0.1 * np.arange(SIDE))


@pytest.mark.parametrize("value", [-5, -0.3, -999, np.inf, -np.inf, 1e6, 9.97e36, 350, np.nan])
def test_a_rate_out_of_range_is_missing_and_counted(tmp_path: Path, value: float) -> None:
    rain = RAIN.copy()
    rain[2, 3] = value
    granule = read_granule(subset(tmp_path / "a.nc4", rain))
    expected = RAIN.copy()
    expected[2, 3] = np.nan
    np.testing.assert_array_equal(granule.precipitation, expected)
    counted = "" if np.isnan(value) else "precipitation 1"
    assert granule.attrs["out_of_range"] == counted


@pytest.mark.parametrize(
    ("name", "field", "good", "bad"),
    [
        ("MWprecipSource", "mw_source", 9, 99),
        ("MWprecipSource", "mw_source", 0, 4.5),
        ("MWobservationTime", "mw_minute", 29, 5000),
        ("IRinfluence", "ir_influence", 100, 250),
        ("probabilityLiquidPrecipitation", "liquid_probability", 0, 101),
        ("precipitationQualityIndex", "quality_index", 1, 1.5),
    ],
)
def test_each_field_has_its_range(tmp_path: Path, name, field, good, bad) -> None:
    values = np.full((SIDE, SIDE), good, np.float32)
    values[0, 1] = bad
    granule = read_granule(subset(tmp_path / "a.nc4", values, name=name))
    expected = values.copy()
    expected[0, 1] = np.nan
    np.testing.assert_array_equal(granule[field], expected)
    assert granule.attrs["out_of_range"] == f"{field} 1"


@pytest.mark.parametrize("attribute", ["_FillValue", "missing_value", "CodeMissingValue"])
@pytest.mark.parametrize("fill", [-99, -1, 9999, 1e20, 7, -9999.9])
def test_the_missing_value_that_a_file_states_is_missing_and_not_counted(
    tmp_path: Path, attribute: str, fill: float
) -> None:
    rain = RAIN.copy()
    rain[4, 4] = fill
    text = attribute == "CodeMissingValue"
    value = np.bytes_(f"{fill}") if text else np.float32(fill)
    path = subset(tmp_path / "a.nc4", rain)
    with h5py.File(path, "a") as file:
        file["precipitation"].attrs[attribute] = value
    granule = read_granule(path)
    expected = np.where(rain == np.float32(fill), np.nan, rain)
    np.testing.assert_array_equal(granule.precipitation, expected)
    assert granule.attrs["out_of_range"] == ""


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("mm/hr", 1),
        ("mm h-1", 1),
        ("mm h^-1", 1),
        ("mm/day", 1 / 24),
        ("kg m-2 s-1", 3600),
        ("inch/hr", 25.4),
        (None, 1),
    ],
)
def test_rates_are_converted_from_the_unit_of_the_file(
    tmp_path: Path, unit: str | None, factor: float
) -> None:
    name = "3B-HHR.MS.MRG.3IMERG.20190602-S103000-E105959.0630.V07B.HDF5.nc4"
    attrs = {} if unit is None else {"units": unit}
    granule = read_granule(subset(tmp_path / name, (RAIN / factor).astype("f4"), attrs=attrs))
    np.testing.assert_allclose(granule.precipitation, RAIN, rtol=1e-6)


@pytest.mark.parametrize("unit", ["K", "mm", "dBZ"])
def test_a_unit_that_is_not_one_of_a_rate_is_refused(tmp_path: Path, unit: str) -> None:
    path = subset(tmp_path / "a.nc4", attrs={"units": unit})
    with pytest.raises(DamagedFile, match=f"the unit of /precipitation is '{unit}'"):
        read_granule(path)


def test_two_units_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    path = subset(tmp_path / "a.nc4", attrs={"units": "mm/s", "Units": "mm/hr"})
    with pytest.raises(DamagedFile, match="'mm/s' and 'mm/hr'"):
        read_granule(path)


def test_packed_rates_are_unpacked(tmp_path: Path) -> None:
    packed = (RAIN * 100).astype(np.int16)
    packed[0, 0] = -32768
    attrs = {"scale_factor": 0.01, "_FillValue": np.int16(-32768), "units": "mm/hr"}
    granule = read_granule(subset(tmp_path / "a.nc4", packed, attrs=attrs))
    expected = RAIN.copy()
    expected[0, 0] = np.nan
    np.testing.assert_allclose(granule.precipitation, expected, rtol=1e-6)


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf, "one", np.array([1.0, 2.0]), 1j])
def test_a_scale_that_cannot_be_is_refused(tmp_path: Path, scale: object) -> None:
    path = subset(tmp_path / "a.nc4", attrs={"scale_factor": scale})
    with pytest.raises(DamagedFile, match=r"scale_factor|convert|an attribute has"):
        read_granule(path)


def test_values_outside_the_valid_range_of_the_file_are_missing(tmp_path: Path) -> None:
    for attrs in ({"valid_max": np.float32(30)}, {"valid_range": np.array([0, 30], np.float32)}):
        granule = read_granule(subset(tmp_path / "a.nc4", attrs=attrs))
        np.testing.assert_array_equal(granule.precipitation, np.where(RAIN > 30, np.nan, RAIN))
        assert granule.attrs["out_of_range"] == "precipitation 5"


def test_chunks_that_were_never_written_are_missing(tmp_path: Path) -> None:
    path = subset(tmp_path / "a.nc4")
    with h5py.File(path, "a") as file:
        del file["precipitation"]
        rain = file.create_dataset("precipitation", (1, SIDE, SIDE), "f4", chunks=(1, 3, SIDE))
        rain[0, :3] = 2
    granule = read_granule(path)
    np.testing.assert_array_equal(granule.precipitation, [[2] * 3 + [np.nan] * 3] * SIDE)
    assert granule.attrs["out_of_range"] == ""


@pytest.mark.parametrize("kind", ["group", "text", "bool", "compound"])
def test_a_variable_that_is_not_an_array_of_numbers_is_refused(tmp_path: Path, kind: str) -> None:
    path = subset(tmp_path / "a.nc4")
    with h5py.File(path, "a") as file:
        del file["precipitation"]
        if kind == "group":
            file.create_group("precipitation")
        else:
            dtype = np.dtype({"text": "S3", "bool": "?", "compound": "f4,i2"}[kind])
            file["precipitation"] = np.zeros((1, SIDE, SIDE), dtype)
    with pytest.raises(DamagedFile, match="not an array of numbers"):
        check_granule(path)


@pytest.mark.parametrize("shape", [(1, SIDE, SIDE + 1), (1 << 40, SIDE, SIDE), (SIDE,)])
def test_a_shape_that_is_not_that_of_the_axes_is_refused_before_reading(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    path = subset(tmp_path / "a.nc4")
    with h5py.File(path, "a") as file:
        del file["precipitation"]
        chunks = tuple(min(n, SIDE) for n in shape)
        file.create_dataset("precipitation", shape, "f4", chunks=chunks)
    with pytest.raises(DamagedFile, match=r"the (shape|dimensions) of /precipitation"):
        check_granule(path)


def test_rain_in_another_file_is_not_read(tmp_path: Path) -> None:
    other, path = subset(tmp_path / "other.nc4"), subset(tmp_path / "a.nc4")
    with h5py.File(path, "a") as file:
        del file["precipitation"]
        file["precipitation"] = h5py.ExternalLink(str(other), "precipitation")
    with pytest.raises(DamagedFile, match="stored in another file"):
        read_granule(path)


def test_rain_behind_soft_links_into_another_file_is_not_read(tmp_path: Path) -> None:
    other, path = subset(tmp_path / "other.nc4"), subset(tmp_path / "a.nc4")
    with h5py.File(path, "a") as file:
        del file["precipitation"]
        file["deep/link"] = h5py.ExternalLink(str(other), "/")
        file["precipitation"] = h5py.SoftLink("/deep/link/precipitation")
    with pytest.raises(DamagedFile, match="'link' is stored in another file"):
        read_granule(path)


def test_rain_in_external_storage_is_not_read(tmp_path: Path) -> None:
    path, secret = subset(tmp_path / "a.nc4"), tmp_path / "secret"
    secret.write_bytes(bytes(4 * SIDE * SIDE))
    with h5py.File(path, "a") as file:
        del file["precipitation"]
        shape, external = (1, SIDE, SIDE), [(str(secret), 0, 4 * SIDE * SIDE)]
        file.create_dataset("precipitation", shape, np.float32, external=external)
    with pytest.raises(DamagedFile, match="precipitation' is stored in another file"):
        check_granule(path)


@pytest.mark.parametrize(
    ("axis", "values", "message"),
    [
        ("lat", np.full(SIDE, np.nan), "not an axis of 0.1° cells"),
        ("lat", 100.05 + 0.1 * np.arange(SIDE), "reaches from"),
        ("lon", 2.1 + 0.2 * np.arange(SIDE), "not an axis of 0.1° cells"),
        ("lon", 2.55 - 0.1 * np.arange(SIDE), "longitudes descend"),
    ],
)
def test_an_axis_that_is_not_on_the_globe_is_refused(tmp_path: Path, axis, values, message) -> None:
    path = subset(tmp_path / "a.nc4")
    with h5py.File(path, "a") as file:
        file[axis][:] = values
    with pytest.raises(DamagedFile, match=message):
        check_granule(path)


def test_longitudes_from_180_to_360_are_western(tmp_path: Path) -> None:
    path = subset(tmp_path / "a.nc4")
    with h5py.File(path, "a") as file:
        file["lon"][:] = 350.05 + 0.1 * np.arange(SIDE)
    np.testing.assert_allclose(read_granule(path).lon, -9.95 + 0.1 * np.arange(SIDE))


def test_a_granule_that_is_being_written_is_said_to_be_so(tmp_path: Path) -> None:
    path = subset(tmp_path / "a.nc4")
    with path.open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        with pytest.raises(DamagedFile, match="another program is writing to it") as locked:
            check_granule(path)
    assert "download" not in str(locked.value)


def test_a_granule_that_a_writer_has_not_closed_is_said_to_be_so(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "writing.nc4", "w", libver="latest") as file:
        file["lat"] = [1.0]
        file.flush()
        shutil.copy(tmp_path / "writing.nc4", tmp_path / "copy.nc4")
    with pytest.raises(DamagedFile, match="another program is writing to it"):
        check_granule(tmp_path / "copy.nc4")
