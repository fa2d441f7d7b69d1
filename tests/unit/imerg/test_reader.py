from pathlib import Path

import h5py
import numpy as np
import pytest

from rainscore.errors import DamagedFile, DomainError
from rainscore.grids import Grid, imerg_cells, study_grid, window_grid
from rainscore.imerg.names import GranuleName, parse_name
from rainscore.imerg.reader import FIELDS, check_granule, read_granule
from tests.data import shared

NAME = "3B-HHR.MS.MRG.3IMERG.20190602-S103000-E105959.0630.V07B.HDF5"
START = np.datetime64("2019-06-02T10:30", "ns")
V03E = "imerg/3B-HHR-E.MS.MRG.3IMERG.20151001-S000000-E002959.0000.V03E.RT-H5"
SUBSET = "imerg/GPM_3IMERGHH_bounds.nc4"
RAIN = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, -9999.9]], np.float32)
"""Rain at 3 longitudes from 2.0°E and 2 latitudes from 45.0°N, dims (lon, lat) as in files."""


def write(
    path: Path,
    *,
    rain: str = "Grid/precipitation",
    epoch: str | None = "1980-01-06",
    header: str = "",
    seconds: int | None = None,
    others: dict[str, np.ndarray] | None = None,
) -> Path:
    """Write a granule of 3 × 2 cells with the features that a test needs."""
    root = "Grid/" if rain.startswith("Grid/") else ""
    with h5py.File(path, "w") as file:
        if header:
            file.attrs["FileHeader"] = np.bytes_(header)
        file[root + "lon"] = np.array([2.05, 2.15, 2.25], np.float32)
        file[root + "lat"] = np.array([45.05, 45.149995], np.float32)
        data = RAIN if epoch is None else RAIN[None]
        if epoch is not None:
            origin = np.datetime64(epoch, "s")
            value = int((START - origin) / np.timedelta64(1, "s")) if seconds is None else seconds
            file[root + "time"] = np.array([value], np.int32)
            file[root + "time"].attrs["units"] = np.bytes_(f"seconds since {epoch} 00:00:00 UTC")
        file[rain] = data
        for name, values in (others or {}).items():
            file[root + name] = values.reshape(data.shape)
    return path


def cells(west: float, south: float, nx: int, ny: int) -> Grid:
    return Grid("EPSG:4326", west, south, 0.1, 0.1, nx, ny)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (NAME, GranuleName("final", START, "V07B")),
        (NAME + ".1", GranuleName("final", START, "V07B")),
        (NAME + ".dap.nc4", GranuleName("final", START, "V07B")),
        (NAME + ".SUB.nc4", GranuleName("final", START, "V07B")),
        (NAME.replace(".HDF5", "_subsetted.nc4"), GranuleName("final", START, "V07B")),
        (NAME.replace("HHR", "HHR-L").replace("7B", "6E"), GranuleName("late", START, "V06E")),
        (
            NAME.replace("HHR", "HHR-E").replace("V07B.HDF5", "V05B.RT-H5"),
            GranuleName("early", START, "V05B"),
        ),
    ],
)
def test_names_of_the_archives_are_parsed(name: str, expected: GranuleName) -> None:
    assert parse_name(Path("/some/folder") / name) == expected


@pytest.mark.parametrize(
    "name",
    ["GPM_3IMERGHH_bounds.nc4", NAME + ".xml", NAME + ".part", NAME.replace("0630", "0600")],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name.split(".")[0]):
        parse_name(name)


def test_fields_are_latitude_by_longitude_with_nan_for_fill_values(tmp_path: Path) -> None:
    granule = read_granule(write(tmp_path / NAME))
    np.testing.assert_array_equal(granule.precipitation, [[0, 2, 4], [1, 3, np.nan]])
    assert granule.precipitation.dtype == np.float32
    np.testing.assert_array_equal(granule.lat, [45.05, 45.15])
    np.testing.assert_array_equal(granule.lon, [2.05, 2.15, 2.25])
    assert granule.time.values == START
    assert granule.time.dtype == "datetime64[ns]"
    assert (granule.attrs["run"], granule.attrs["version"]) == ("final", "V07B")


@pytest.mark.parametrize(
    ("version", "rain", "epoch", "microwave"),
    [
        ("V03D", "Grid/precipitationCal", None, "HQprecipitation"),
        ("V06B", "Grid/precipitationCal", "1970-01-01", "HQprecipitation"),
        ("V07B", "Grid/precipitation", "1980-01-06", "Intermediate/MWprecipitation"),
        ("V07B", "precipitation", "1980-01-06", "MWprecipitation"),
    ],
)
def test_every_version_and_a_flattened_subset_give_the_same_fields(
    tmp_path: Path, version: str, rain: str, epoch: str | None, microwave: str
) -> None:
    path = write(
        tmp_path / NAME.replace("V07B", version),
        rain=rain,
        epoch=epoch,
        others={microwave: RAIN + 10},
    )
    granule = read_granule(path)
    assert list(granule) == list(FIELDS)
    np.testing.assert_array_equal(granule.precipitation, [[0, 2, 4], [1, 3, np.nan]])
    np.testing.assert_array_equal(granule.mw_precipitation[0], [10, 12, 14])
    assert granule.time.values == START
    assert "mw_precipitation" not in granule.attrs["absent"].split()


def test_a_field_that_the_file_does_not_have_is_missing_and_named(tmp_path: Path) -> None:
    granule = read_granule(write(tmp_path / NAME))
    assert granule.attrs["absent"].split() == [name for name in FIELDS if name != "precipitation"]
    assert np.isnan(granule.quality_index).all()


def test_codes_are_floats_with_nan_for_fill_values(tmp_path: Path) -> None:
    source = np.array([0, 9, 11, -9999, 5, 7], np.int16)
    path = write(tmp_path / NAME, others={"Intermediate/MWprecipSource": source})
    np.testing.assert_array_equal(read_granule(path).mw_source, [[0, 11, 5], [9, np.nan, 7]])


def test_the_requested_cells_are_returned_and_those_outside_the_file_are_missing(
    tmp_path: Path,
) -> None:
    granule = read_granule(write(tmp_path / NAME), cells(2.1, 44.9, 4, 3))
    expected = np.full((3, 4), np.nan)
    expected[1, :2], expected[2, 0] = [2, 4], 3
    np.testing.assert_array_equal(granule.precipitation, expected)
    np.testing.assert_array_equal(granule.lat, [44.95, 45.05, 45.15])
    np.testing.assert_array_equal(granule.lon, [2.15, 2.25, 2.35, 2.45])


def test_a_window_outside_the_file_is_refused_with_the_bounds_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(DomainError, match=r"latitudes 45 to 45\.2 and longitudes 2 to 2\.3"):
        read_granule(write(tmp_path / NAME), cells(3.0, 45.0, 2, 2))


def test_cells_off_the_lattice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lattice"):
        read_granule(write(tmp_path / NAME), cells(2.05, 45.0, 2, 2))


def test_a_file_with_another_name_is_identified_by_its_content(tmp_path: Path) -> None:
    header = f"FileName={NAME.replace('HHR', 'HHR-L')};\nTimeInterval=HALF_HOUR;\n"
    late = read_granule(write(tmp_path / "mine.nc4", header=header))
    assert (late.attrs["run"], late.time.values) == ("late", START)
    bare = read_granule(write(tmp_path / "bare.nc4"))
    assert (bare.attrs["run"], bare.time.values) == ("unknown", START)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seconds": 0}, "its time is 1980-01-06T00:00, but 2019-06-02T10:30 in its name"),
        ({"rain": "Grid/rain"}, "no precipitation"),
        ({"header": "TimeInterval=DAY;\n"}, "not half-hourly"),
        ({"epoch": None, "header": "StartGranuleDateTime=2019-06-02T11:00:00.000Z;"}, "T11:00"),
    ],
)
def test_a_wrong_file_is_damaged(tmp_path: Path, settings: dict, message: str) -> None:
    path = write(tmp_path / NAME, **settings)
    for read in (read_granule, check_granule):
        with pytest.raises(DamagedFile, match=message) as caught:
            read(path)
        assert str(path) in str(caught.value)


def test_a_file_of_unknown_time_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match="restore the name"):
        read_granule(write(tmp_path / "mine.nc4", epoch=None))


def test_a_web_page_an_empty_file_and_a_truncated_file_are_damaged(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text("\n<!DOCTYPE html><html>Earthdata Login</html>")
    with pytest.raises(DamagedFile, match=r"web page.*GESDISC"):
        read_granule(path)
    path.write_bytes(b"")
    with pytest.raises(DamagedFile, match="empty"):
        read_granule(path)
    write(path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(DamagedFile, match="download it again"):
        read_granule(path)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match="No such file"):
        read_granule(tmp_path / NAME)


@pytest.mark.parametrize(
    ("window", "most"),
    [
        (study_grid(centre=(2.5, 46.5), size_km=800, step_km=4), 22.158833),
        (window_grid(centre=(122.0, 37.0), size_km=(800, 800), step_km=4), 38.860153),
    ],
)
def test_the_real_v03e_granule_agrees_with_a_whole_read_of_its_arrays(
    window: Grid, most: float
) -> None:
    path, box = shared(V03E), imerg_cells(window)
    granule = read_granule(path, box)
    with h5py.File(path) as file:
        lat, lon = file["Grid/lat"][()], file["Grid/lon"][()]
        rows = np.abs(lat[:, None] - box.y).argmin(axis=0)
        columns = np.abs(lon[:, None] - box.x).argmin(axis=0)
        whole = {name: file[f"Grid/{name}"][()].T[np.ix_(rows, columns)] for name in NAMES_V03}
    np.testing.assert_allclose(granule.lat, lat[rows], atol=1e-4)
    np.testing.assert_allclose(granule.lon, lon[columns], atol=1e-4)
    for name, field in NAMES_V03.items():
        values = whole[name].astype(np.float32)
        expected = np.where(values < -9998, np.nan, values)
        np.testing.assert_array_equal(granule[field], expected)
    assert granule.precipitation.max() == np.float32(most)
    assert granule.attrs["absent"] == "quality_index"
    assert (granule.attrs["run"], granule.attrs["version"]) == ("early", "V03E")
    assert np.isnan(granule.mw_precipitation.values[granule.mw_source.values == 0]).all()


NAMES_V03 = {
    "precipitationCal": "precipitation",
    "HQprecipitation": "mw_precipitation",
    "HQprecipSource": "mw_source",
    "HQobservationTime": "mw_minute",
    "IRprecipitation": "ir_precipitation",
    "IRkalmanFilterWeight": "ir_influence",
    "probabilityLiquidPrecipitation": "liquid_probability",
    "randomError": "random_error",
}


def test_the_real_v06b_subset_is_identified_by_its_content_and_missing_where_it_ends() -> None:
    granule = read_granule(shared(SUBSET), cells(-30.5, 29.5, 20, 20))
    assert granule.time.values == np.datetime64("2020-01-01T12:00")
    assert (granule.attrs["run"], granule.attrs["version"]) == ("final", "V06B")
    outside = np.isnan(granule.precipitation.values)
    assert outside[:5].all() and outside[:, :5].all() and not outside[5:, 5:].any()
    assert "mw_source" in granule.attrs["absent"].split()
    with pytest.raises(DomainError, match="30 to 45"):
        read_granule(
            shared(SUBSET), imerg_cells(study_grid(centre=(2.5, 46.5), size_km=800, step_km=4))
        )
