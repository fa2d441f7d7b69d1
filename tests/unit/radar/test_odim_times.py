from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest

from rainscore.errors import DamagedFile
from rainscore.radar.formats import RadarFormat, get_format
from rainscore.radar.odim import Odim
from tests.odim import attributes, write_composite

RAW = np.array([[0, 2, 4], [6, 254, 255]], np.uint8)


def write(path: Path, quantity: str = "ACRR", **times: Any) -> Path:
    """Write a composite; `times` replaces attributes by name, None removes one."""
    groups = attributes(quantity=quantity)
    for name, value in times.items():
        group = groups["what" if name in ("date", "time") else "dataset1/what"]
        group[name] = value
        if value is None:
            del group[name]
    return write_composite(path, groups, {"dataset1/data1/data": RAW})


def frame(path: Path, radar: RadarFormat | None = None) -> tuple[str, float]:
    """Start and length [min] of the only frame of a folder."""
    row = (radar or Odim()).scan(path.parent).iloc[0]
    return f"{row['time']:%d %H:%M}", row["minutes"]


@pytest.mark.parametrize(
    ("times", "start", "minutes"),
    [
        ({}, "24 17:45", 15),
        ({"starttime": "170000"}, "24 17:00", 60),
        ({"starttime": "1745", "endtime": "1800"}, "24 17:45", 15),
        ({"starttime": "17:45:00"}, "24 17:45", 15),
        ({"endtime": "175959"}, "24 17:45", 15),
        ({"enddate": None}, "24 17:45", 15),
        ({"starttime": "2345", "enddate": None, "endtime": "0000", "time": "235959"},
         "24 23:45", 15),
        ({"starttime": "234500", "endtime": "240000", "time": "240000"}, "24 23:45", 15),
        ({"starttime": "234500", "endtime": "000000", "time": "234500"}, "24 23:45", 15),
        ({"starttime": "233000", "enddate": "20180825", "endtime": "003000", "time": "2345"},
         "24 23:30", 60),
        ({"starttime": np.int32(4500), "endtime": np.int32(10000), "time": "010000"},
         "24 00:45", 15),
    ],
)  # fmt: skip
def test_an_accumulation_has_its_own_start_and_length(
    tmp_path: Path, times: dict[str, Any], start: str, minutes: float
) -> None:
    path = write(tmp_path / "composite.h5", **times)
    Odim().check(path)
    assert frame(path) == (start, minutes)
    # A stored 4 is 2 mm.
    assert Odim().read(path)[0, 2] == pytest.approx(2 * 60 / minutes)


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        ({"enddate": None, "endtime": None}, "it states no end of its accumulation"),
        ({"startdate": None}, "it states no start of its accumulation"),
        ({"starttime": "180000", "endtime": "174500"}, "the end .* is not after its start"),
        ({"starttime": "180000"}, "the end .* is not after its start"),
        ({"startdate": "20180822", "date": None}, r"its accumulation period is 48\.25 h"),
        ({"starttime": "256100"}, "its startdate is '20180824' and its starttime is '256100'"),
        ({"startdate": "20181324"}, "its startdate is '20181324'"),
        ({"starttime": "noon"}, "its starttime is 'noon'"),
        ({"date": "20180825"}, "but its nominal time is 2018-08-25 18:00"),
    ],
)
def test_times_that_cannot_be_are_named(tmp_path: Path, times: dict[str, Any], reason: str) -> None:
    path = write(tmp_path / "T_201808241800.h5", **times)
    with pytest.raises(DamagedFile, match=rf"1800\.h5: .*{reason}.*; ask its producer"):
        Odim().check(path)
    path = path.rename(tmp_path / "composite.h5")
    row = Odim().scan(tmp_path).iloc[0]
    assert row["time"] is pd.NaT
    assert row["problem"]


def test_a_rate_from_an_end_to_a_start_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", "RATE", starttime="180000", endtime="174500")
    with pytest.raises(DamagedFile, match="from 2018-08-24 18:00:00 to 2018-08-24 17:45"):
        Odim().check(path)


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        ({"startdate": None}, "its start has no date or no time"),
        ({"starttime": ""}, "its start has no date or no time"),
        ({"endtime": 0}, "it is from 2018-08-24 17:45:00 to 2018-08-25 00:00:00"),
    ],
)
def test_a_rate_with_half_a_start_or_scans_of_many_hours_is_refused(
    tmp_path: Path, times: dict[str, Any], reason: str
) -> None:
    path = write(tmp_path / "a.h5", "RATE", **times)
    with pytest.raises(DamagedFile, match=reason):
        Odim().check(path)


@pytest.mark.parametrize(
    ("step", "times", "start"),
    [
        (15, {"starttime": "175000", "endtime": "180500"}, "24 17:45"),  # OPERA before 2024
        (5, {"starttime": "175000", "endtime": "180000"}, "24 17:55"),  # scans of 10 min every 5
        (15, {"starttime": "180000", "endtime": "180000"}, "24 18:00"),  # one instant
        (15, {"starttime": "180000", "enddate": None, "endtime": None}, "24 18:00"),
        (15, dict.fromkeys(("startdate", "starttime", "enddate", "endtime")), "24 18:00"),
    ],
)
def test_a_rate_starts_at_most_a_step_before_the_end_of_its_scans(
    tmp_path: Path, step: int, times: dict[str, Any], start: str
) -> None:
    path = write(tmp_path / "composite.h5", "RATE", **times)
    time, minutes = frame(path, Odim(step_minutes=step))
    assert time == start
    assert np.isnan(minutes)


def test_each_file_has_its_own_time_whatever_its_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "T_201808241720.h5")  # the first by name, of 17:45 to 18:00
    write(tmp_path / "T_201808241815.h5", starttime="180000", endtime="181500", time="181500")
    write(tmp_path / "T_201808241830.h5", starttime="181500", endtime="183000", time="183000")
    frames = Odim().scan(tmp_path)
    assert list(frames["time"].dt.strftime("%H:%M")) == ["17:45", "18:00", "18:15"]
    warnings = [record.message for record in caplog.records if "time in the name" in record.message]
    assert len(warnings) == 1
    assert "T_201808241720.h5: " in warnings[0]


def test_a_file_that_cannot_be_read_has_the_time_of_its_name_shifted_as_most(
    tmp_path: Path,
) -> None:
    write(tmp_path / "T_201808241720.h5")
    for start, end in (("1745", "1800"), ("1800", "1815")):
        write(tmp_path / f"T_20180824{end}.h5", starttime=start, endtime=end, time=end)
    (tmp_path / "T_201808242000.h5").write_bytes(b"")
    (tmp_path / "no time.h5").write_bytes(b"")
    frames = Odim().scan(tmp_path)
    damaged = frames[frames["file"].str.endswith("2000.h5")].iloc[0]
    assert damaged["time"] == pd.Timestamp("2018-08-24 19:45")
    unknown = frames[frames["file"].str.endswith("no time.h5")].iloc[0]
    assert (unknown["time"], unknown["problem"]) == (pd.NaT, "the file is empty")


def test_a_configured_convention_applies_to_the_length_of_each_accumulation(tmp_path: Path) -> None:
    path = write(tmp_path / "T_201808241800.h5", starttime="170000")
    for convention, start in (("format", "17:00"), ("start", "18:00"), ("end", "17:00")):
        radar = get_format("odim", timestamp_convention=convention, step_minutes=60)
        assert frame(path, radar) == (f"24 {start}", 60)


def test_products_of_different_length_or_network_are_distinguished(tmp_path: Path) -> None:
    write(tmp_path / "a.h5")
    write(tmp_path / "b.h5", starttime="170000")
    with h5py.File(write(tmp_path / "c.h5"), "a") as file:
        file["what"].attrs["source"] = np.bytes_("ORG:247,CMT:today")
    products = Odim().scan(tmp_path).set_index("file")["product"]
    assert sorted(products) == [
        "ORG:247 SURF ACRR of 15 min",
        "ORG:82 SURF ACRR of 15 min",
        "ORG:82 SURF ACRR of 60 min",
    ]


def test_names_with_impossible_dates_are_no_times(tmp_path: Path) -> None:
    (tmp_path / "T_209913320000.h5").write_bytes(b"")
    frames = Odim().scan(tmp_path)
    assert frames["time"].isna().all()
    assert frames["problem"].tolist() == ["the file is empty"]


def test_files_of_other_months_are_listed_without_opening_them(tmp_path: Path) -> None:
    write(tmp_path / "T_201808241800.h5")
    write(tmp_path / "T_201808261900.h5")  # of the 24th, under the name of a day outside
    write(tmp_path / "composite.h5", "RATE")
    (tmp_path / "T_201809301800.h5").write_bytes(b"")
    radar = get_format("odim", period=("2018-08-01", "2018-08-24T12:00"))
    frames = radar.scan(tmp_path)
    assert list(frames["time"].dt.strftime("%m-%d %H:%M")) == [
        "08-24 17:45",
        "08-24 17:45",
        "08-26 19:00",
        "09-30 18:00",
    ]
    assert list(frames["product"] != "") == [True, True, False, False]
