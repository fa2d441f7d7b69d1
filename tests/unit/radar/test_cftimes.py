from pathlib import Path

import netCDF4
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.errors import DamagedFile
from rainscore.radar.cftimes import read_times, time_name
from rainscore.times import steps

MAY = pd.Timestamp("2023-05-01")


def dataset(
    values: object, units: str | None, dtype: str = "f8", **attributes: object
) -> xr.Dataset:
    """Times as they are stored."""
    attrs = {"units": units, **attributes} if units else attributes
    return xr.Dataset({"time": ("time", np.array(values, dtype), attrs)})


def test_five_minute_frames_with_times_as_float_days_are_all_at_their_minute(
    tmp_path: Path,
) -> None:
    expected = pd.DatetimeIndex(steps("2018-06-16", "2018-06-17", 5))
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as file:
        file.createDimension("time", 288)
        days = file.createVariable("time", "f8", ("time",))
        days.units = "days since 1970-01-01"
        days[:] = netCDF4.date2num(list(expected.to_pydatetime()), days.units)
    with xr.open_dataset(tmp_path / "a.nc", engine="h5netcdf", decode_times=False) as stored:
        assert read_times(stored, "a.nc").times.isin(expected).sum() == 288


@pytest.mark.parametrize(
    ("units", "value"),
    [("seconds since 2023-04-30", 86400), ("minutes since 2023-04-30 00:00:0.0", 1440),
     ("hours since 2023-4-30 00:00:00 UTC", 24), ("days since 2023-04-30T00:00:00Z", 1),
     ("hours since 2023-05-01 02:00:00 +02:00", 0), ("h since 1970-01-01", 467472),
     ("seconds since 1980-1-6", 1366934400), ("milliseconds since 2023-05-01", 0)],
)  # fmt: skip
def test_units_of_time_are_decoded(units: str, value: float) -> None:
    assert list(read_times(dataset([value], units), "a.nc").times) == [MAY]


def test_a_time_is_recognised_by_its_attributes(tmp_path: Path) -> None:
    stored = xr.Dataset(
        {
            "valid_time": ((), 0.0, {"standard_name": "time", "units": "s since 2023-05-01"}),
            "start_time": ((), 0.0, {"standard_name": "forecast_reference_time"}),
        }
    )
    assert time_name(stored) == "valid_time"
    assert list(read_times(stored, "a.nc").times) == [MAY]
    assert time_name(xr.Dataset({"when": ("when", [0.0], {"axis": "T"})})) == "when"


@pytest.mark.parametrize(
    ("stored", "message"),
    [(dataset([1.0], "days since 2023-05-01", calendar="noleap"), "calendar 'noleap'"),
     (dataset([1.0], "days since 2023-05-01", calendar="360_day"), "calendar '360_day'"),
     (dataset([1.0], "days since 2023-05-01", calendar="moon"), "moon"),
     (dataset([1.0], "fortnights since the flood"), "cannot be decoded"),
     (dataset([1.0], "mm"), "cannot be decoded|calendar"),
     (dataset([1.0], None), "units 'None'"),
     (dataset(["now"], "days since 2023-05-01", "U3"), "type <U3"),
     (dataset([], "days since 2023-05-01"), "time is empty"),
     (dataset([19478.5], "days since 1970-01-01", "f4"), "resolution of 169 s"),
     (dataset([1e9], "days since 1970-01-01"), "calendar|cannot be decoded"),
     (dataset([1.0], "days since 0001-01-01"), "calendar|years 1"),
     (dataset([1.0], "days since 1800-01-01"), "in the years 1800"),
     (dataset([1.0], "days since 2023-05-01", climatology="c"), "climatology"),
     (xr.Dataset({"rr": ("x", [1.0])}), "no coordinate time")],
)  # fmt: skip
def test_times_that_cannot_be_those_of_frames_are_refused(stored: xr.Dataset, message: str) -> None:
    with pytest.raises(DamagedFile, match=message):
        read_times(stored, "a.nc")


def test_bounds_inherit_the_units_of_the_time() -> None:
    stored = dataset([10, 20], "minutes since 2023-05-01", "i4", bounds="b")
    stored["b"] = (("time", "nv"), np.array([[0, 10], [10, 20]]))
    times = read_times(stored, "a.nc")
    assert list(times.minutes) == [10, 10]
    assert times.starts("file", None)[0] == MAY
    assert times.starts("start", None)[0] == MAY + pd.Timedelta(minutes=10)


@pytest.mark.parametrize(
    ("bounds", "message"),
    [([[10, 0]], "not after its start"), ([[30, 40]], "outside its bounds"),
     ([[0, 10, 20]], "shape")],
)  # fmt: skip
def test_bounds_that_contradict_the_time_are_refused(bounds: list, message: str) -> None:
    stored = dataset([10], "minutes since 2023-05-01", "i4", bounds="b")
    stored["b"] = (("time", "nv"), np.array(bounds))
    with pytest.raises(DamagedFile, match=message):
        read_times(stored, "a.nc")


def test_bounds_of_instants_are_no_bounds() -> None:
    stored = dataset([10], "minutes since 2023-05-01", "i4", bounds="b")
    stored["b"] = (("time", "nv"), np.array([[10, 10]]))
    assert np.isnan(read_times(stored, "a.nc").minutes).all()


def test_a_frame_without_a_time_has_none() -> None:
    times = read_times(dataset([0, np.nan], "minutes since 2023-05-01"), "a.nc").times
    assert list(times.isna()) == [False, True]


def test_a_time_whose_bounds_are_not_in_the_file_needs_a_configured_convention() -> None:
    stored = dataset([10], "minutes since 2023-05-01", "i4", bounds="lost")
    times = read_times(stored, "a.nc")
    with pytest.raises(ValueError, match="time bounds lost are not in the file"):
        times.starts("file", None)
    assert times.starts("end", np.timedelta64(10, "m"))[0] == MAY
