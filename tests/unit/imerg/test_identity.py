"""Half-hour, run and version of IMERG files from their names and content."""

import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from rainscore.errors import DamagedFile
from rainscore.imerg.identity import read_header
from rainscore.imerg.names import parse_name
from rainscore.imerg.reader import check_granule, read_granule
from tests.data import shared

NAME = "3B-HHR.MS.MRG.3IMERG.20190602-S103000-E105959.0630.V07B.HDF5"
START = np.datetime64("2019-06-02T10:30", "ns")
STEPS = {
    "seconds": np.timedelta64(1, "s"),
    "minutes": np.timedelta64(1, "m"),
    "hours": np.timedelta64(1, "h"),
    "days": np.timedelta64(1, "D"),
}


def write(
    path: Path, units: str, times: list, *, dtype: str = "f8", header: str = "", rain: float = 1
) -> Path:
    """Write a file of 2 × 2 cells with a time axis."""
    with h5py.File(path, "w") as file:
        if header:
            file.attrs["FileHeader"] = np.bytes_(header)
        file["lon"], file["lat"] = [2.05, 2.15], [45.05, 45.15]
        file["time"] = np.array(times, dtype)
        file["time"].attrs["units"] = units
        maps = [np.full((2, 2), rain + i, np.float32) for i in range(len(times))]
        file["precipitation"] = np.array(maps)
    return path


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "epoch",
    [
        "1980-1-6",
        "1980-01-06 00:00:0.0",
        "1980-01-06 00:00:00 +00:00",
        "1980-01-06T00:00:00Z",
        "1980-01-06 00:00:00 UTC",
        "1970-01-01 00:00:00",
    ],
)
def test_a_time_in_any_unit_and_epoch_is_decoded(tmp_path: Path, step: str, epoch: str) -> None:
    origin = np.datetime64("1970-01-01" if epoch.startswith("1970") else "1980-01-06")
    value = (START - origin) / STEPS[step]
    path = write(tmp_path / NAME, f"{step} since {epoch}", [value])
    assert check_granule(path)[0].start == START
    assert check_granule(path.rename(tmp_path / "a.nc"))[0].start == START


@pytest.mark.parametrize(
    ("units", "value", "message"),
    [
        ("K", 0.0, "in 'K' cannot be decoded"),
        ("seconds", 0.0, "in 'seconds' cannot be decoded"),
        ("days since 1970-01-01", np.nan, "a value is missing"),
        ("days since 1970-01-01", 1e300, "cannot be decoded"),
        ("days since 1970-01-01", 18000.01, "not a half-hour"),
        ("days since 1970-01-01", 0.0, "before IMERG"),
    ],
)
def test_a_time_that_cannot_be_is_refused(tmp_path: Path, units, value, message) -> None:
    with pytest.raises(DamagedFile, match=message):
        check_granule(write(tmp_path / "a.nc", units, [value]))


@pytest.mark.parametrize("header", ["m" * 60_000, "m=" * 30_000, "StartGranuleDateTime;=" * 2000])
def test_a_header_of_another_content_is_read_in_a_moment(tmp_path: Path, header: str) -> None:
    path = write(tmp_path / "a.nc4", "seconds since 1980-01-06", [1800], header=header)
    started = time.monotonic()
    with h5py.File(path) as file:
        assert "StartGranuleDateTime" not in read_header(file)
    assert time.monotonic() - started < 1


def test_a_file_with_several_half_hours_is_read_one_by_one(tmp_path: Path) -> None:
    path = write(tmp_path / "month.nc", "minutes since 2019-06-02", [0, 30, 90])
    starts = [half_hour.start for half_hour in check_granule(path)]
    assert starts == list(np.datetime64("2019-06-02", "ns") + np.array([0, 30, 90], "m8[m]"))
    for i, start in enumerate(starts):
        granule = read_granule(path, time=start)
        assert granule.time.values == start
        assert (granule.precipitation == i + 1).all()
    with pytest.raises(DamagedFile, match="3 half-hours from 2019-06-02T00:00 to 2019-06-02T01:30"):
        read_granule(path)


def test_times_that_are_not_half_hourly_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match="its times are 24 h apart"):
        check_granule(write(tmp_path / "days.nc", "days since 2019-06-02", [0, 1, 2]))
    with pytest.raises(DamagedFile, match="not in order"):
        check_granule(write(tmp_path / "back.nc", "hours since 2019-06-02", [1, 0.5, 0]))


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        (NAME.replace("HHR", "HHR-L"), "final V07B .* by its name, but late V07B"),
        (NAME.replace("V07B", "V06B"), "final V07B .* by its name, but final V06B"),
        (NAME.replace("S103000-E105959.0630", "S110000-E112959.0660"), "2019-06-02T11:00"),
    ],
)
def test_a_name_that_contradicts_the_header_is_refused_with_the_name_to_restore(
    tmp_path: Path, inside: str, message: str
) -> None:
    hours = [(START - np.datetime64("2019-06-02")) / np.timedelta64(1, "h")]
    path = write(tmp_path / NAME, "hours since 2019-06-02", hours, header=f"FileName={inside};\n")
    with pytest.raises(DamagedFile, match=message) as caught:
        check_granule(path)
    assert f"restore the name that the archive gave it, {inside}" in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        NAME.replace("20190602", "20191345"),
        NAME.replace("20190602", "99990602"),
        NAME.replace("S103000-E105959", "S105959-E103000"),
        NAME.replace("E105959", "E112959"),
        NAME.replace("S103000", "S253000"),
    ],
)
def test_an_impossible_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"3B-HHR|time"):
        parse_name(name)
    path = write(tmp_path / name, "hours since 2019-06-02", [10.5])
    with pytest.raises(DamagedFile, match=r"impossible name .*restore the name"):
        check_granule(path)


def test_a_name_that_contradicts_the_time_axis_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match="its time is 2019-06-02T10:00, but 2019-06-02T10:30"):
        check_granule(write(tmp_path / NAME, "hours since 2019-06-02", [10.0]))


def test_a_header_that_contradicts_the_time_axis_is_refused(tmp_path: Path) -> None:
    header = "StartGranuleDateTime=2019-06-02T11:00:00.000Z;\n"
    with pytest.raises(DamagedFile, match="T11:00 in its header"):
        check_granule(write(tmp_path / "a.nc", "hours since 2019-06-02", [10.5], header=header))


@pytest.mark.parametrize(
    "name", ["3B-DAY-L.MS.MRG.3IMERG.20200101-S000000-E235959.V07B.nc4", "3B-MO.MS.MRG.3IMERG.nc4"]
)
def test_other_imerg_products_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DamagedFile, match="not half-hourly IMERG"):
        check_granule(write(tmp_path / name, "days since 2019-06-02", [0]))


def test_a_daily_rate_without_a_name_or_header_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nc", "days since 2019-06-02", [0])
    with h5py.File(path, "a") as file:
        file["precipitation"].attrs["units"] = "mm/day"
    with pytest.raises(DamagedFile, match="neither its name nor its header says"):
        check_granule(path)


def test_the_real_daily_file_is_refused_as_such() -> None:
    path = shared("imerg-daily-v07b-ethiopia/imerg_late_v07b_daily_2020_2023.nc")
    with pytest.raises(DamagedFile, match="not half-hourly: its times are 24 h apart"):
        check_granule(path)


def test_the_real_brazilian_granules_and_their_month_agree() -> None:
    granules = sorted(shared("pairs-brazil-halfhourly/granules").iterdir())
    month = shared("pairs-brazil-halfhourly/imerg_early_v06_202311.nc")
    assert len(check_granule(month)) == 665
    for path in granules:
        one = read_granule(path)
        same = read_granule(month, time=one.time.values)
        assert (one.attrs["run"], same.attrs["run"]) == ("early", "unknown")
        assert one.attrs["version"] == "V06E"
        np.testing.assert_allclose(same.precipitation, one.precipitation, rtol=1e-3, atol=1e-3)
        assert one.attrs["absent"].split()[0] == "mw_precipitation"
        assert np.isnan(one.mw_source).all()


def test_the_real_v04b_granule_is_read_though_its_header_states_another_product_version() -> None:
    name = "3B-HHR-L.MS.MRG.3IMERG.20170630-S000000-E002959.0000.V04B.RT-H5"
    half_hours = check_granule(shared("imerg-late-v04b-20170630") / name)
    assert (half_hours[0].run, half_hours[0].version) == ("late", "V04B")
    cut = read_granule(shared("imerg-late-v04b-20170630/europe") / name)
    assert float(cut.precipitation.min()) == 0 and cut.attrs["out_of_range"] == ""
