import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.evaluation.gaugetables import GaugeFormat, Gauges, read_gauges

HEAD = "station,longitude,latitude,time,millimetres"
ROWS = (
    "007,-50.05,-24.78,2023-11-12 01:00,0.4",
    "007,-50.05,-24.78,2023-11-12 02:00,",
    "008,-49.23,-25.45,2023-11-12 01:00,3",
    "008,-49.23,-25.45,2023-11-12 02:00,0",
)
HOURLY = GaugeFormat(60, "end", "UTC")


def table(folder: Path, *rows: str, head: str = HEAD) -> Path:
    path = folder / "gauges.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def starts(gauges: Gauges) -> list[str]:
    return [f"{time:%Y-%m-%d %H:%M}" for time in gauges.rates["start"]]


def test_ends_become_starts_and_a_missing_value_is_left_out_not_zero(tmp_path: Path) -> None:
    gauges = read_gauges(table(tmp_path, *ROWS), HOURLY)
    assert gauges.rates["station"].tolist() == ["007", "008", "008"]
    assert starts(gauges) == ["2023-11-12 00:00", "2023-11-12 00:00", "2023-11-12 01:00"]
    assert gauges.rates["rate"].tolist() == [0.4, 3, 0]
    assert gauges.stations["longitude"].tolist() == [-50.05, -49.23]
    assert (gauges.missing, gauges.repeated) == (1, 0)


def test_starts_are_kept(tmp_path: Path) -> None:
    gauges = read_gauges(table(tmp_path, *ROWS), GaugeFormat(60, "start", "UTC"))
    assert starts(gauges)[0] == "2023-11-12 01:00"


def test_rates_are_those_of_the_period(tmp_path: Path) -> None:
    row = "007,-50.05,-24.78,2023-11-13,48"
    daily = read_gauges(table(tmp_path, row), GaugeFormat(1440, "end", "UTC"))
    assert daily.rates["rate"].tolist() == [2]
    assert starts(daily) == ["2023-11-12 00:00"]


@pytest.mark.parametrize(
    ("zone", "utc"),
    [
        ("UTC", "00:00"),
        ("UTC-03:00", "03:00"),
        ("America/Sao_Paulo", "03:00"),
        ("Asia/Kolkata", "18:30"),
    ],
)
def test_local_times_become_utc(tmp_path: Path, zone: str, utc: str) -> None:
    gauges = read_gauges(table(tmp_path, ROWS[0]), GaugeFormat(60, "end", zone))
    assert starts(gauges)[0].endswith(utc)


def test_each_row_may_have_its_time_zone(tmp_path: Path) -> None:
    rows = (f"{ROWS[0]},America/Sao_Paulo", f"{ROWS[2]},America/Manaus")
    gauges = read_gauges(table(tmp_path, *rows, head=f"{HEAD},time_zone"), GaugeFormat(60, "end"))
    assert starts(gauges) == ["2023-11-12 03:00", "2023-11-12 04:00"]


def test_times_may_state_their_difference_to_utc(tmp_path: Path) -> None:
    rows = ("a,0,0,2023-11-12T01:00:00-03:00,1", "a,0,0,2023-11-12T05:00:00Z,1")
    gauges = read_gauges(table(tmp_path, *rows), GaugeFormat(60, "end"))
    assert starts(gauges) == ["2023-11-12 03:00", "2023-11-12 04:00"]


def test_columns_of_other_names_settings_in_columns_and_coordinates_in_a_second_table(
    tmp_path: Path,
) -> None:
    rows = ("A1,2023-11-12 01:00,0.2,60,end,UTC",)
    path = table(tmp_path, *rows, head="code,date,mm,period_minutes,marks,time_zone")
    places = tmp_path / "stations.csv"
    places.write_text("code,lat,lon,name\nA1,-25,-50,CURITIBA\nB2,-26,-51,IVAI\n")
    names = {
        "station": "code",
        "time": "date",
        "millimetres": "mm",
        "time_marks": "marks",
        "longitude": "lon",
        "latitude": "lat",
    }
    gauges = read_gauges(path, GaugeFormat(columns=names), stations=places)
    assert gauges.stations.to_numpy().tolist() == [["A1", -50, -25]]
    assert gauges.period == np.timedelta64(60, "m")


def test_parquet_and_compressed_csv_give_the_same_as_csv(tmp_path: Path) -> None:
    expected = read_gauges(table(tmp_path, *ROWS), HOURLY).rates
    frame = pd.read_csv(tmp_path / "gauges.csv", dtype={"station": str})
    frame.to_csv(tmp_path / "gauges.csv.gz", index=False)
    arrow = pa.Table.from_pandas(frame.assign(time=pd.to_datetime(frame["time"])))
    pq.write_table(arrow, tmp_path / "gauges.parquet")
    for name in ("gauges.csv.gz", "gauges.parquet"):
        pd.testing.assert_frame_equal(read_gauges(tmp_path / name, HOURLY).rates, expected)


def test_times_with_a_zone_in_parquet_need_no_time_zone(tmp_path: Path) -> None:
    frame = pd.read_csv(table(tmp_path, *ROWS), dtype={"station": str})
    frame["time"] = pd.to_datetime(frame["time"]).dt.tz_localize("America/Sao_Paulo")
    frame.to_parquet(tmp_path / "gauges.parquet")
    gauges = read_gauges(tmp_path / "gauges.parquet", GaugeFormat(60, "end"))
    assert starts(gauges)[0] == "2023-11-12 03:00"


def test_a_repeated_row_counts_once(tmp_path: Path) -> None:
    gauges = read_gauges(table(tmp_path, *ROWS, ROWS[0]), HOURLY)
    assert (len(gauges.rates), gauges.repeated) == (3, 1)


def changed(old: str, new: str) -> tuple[str, ...]:
    return tuple(row.replace(old, new) for row in ROWS)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((), "it has no rows"),
        (("007,-50,-24,2023-11-12 01:00,",), "all its values are missing"),
        (changed(",3", ",trace"), "millimetres in row 3 is 'trace', not a number"),
        (changed(",3", ",-9999"), "millimetres in row 3 is -9999; leave the cells of missing"),
        (changed(",3", ",inf"), "millimetres in row 3 is 'inf', not a number"),
        (changed("2023-11-12 02:00", "12/11/2023 2h"), "row 2 is '12/11/2023 2h'; write times as"),
        (changed("2023-11-12 02:00", ""), "the time in row 2 is nan"),
        (changed("2023-11-12 02:00", "9999-01-01"), "the time in row 2 is '9999-01-01'"),
        (changed("02:00", "02:00Z"), "row 1 does not state its difference to UTC, others do"),
        (changed("02:00", "01:10"), "row 2 starts at 00:10:00 UTC, but the half-hours of IMERG at"),
        (changed("02:00", "01:30"), "station 007 overlap: one starts 30 min after another"),
        (changed("-24.78", "-95"), "latitude of station 007 is -95, outside −90 to 90; check whe"),
        (changed("-50.05", "310"), "longitude of station 007 is 310, outside −180 to 180"),
        (changed("-50.05", ""), "station 007 lacks a coordinate"),
        (("007,-50,-24,2023-11-12,1", "007,-51,-24,2023-11-13,1"), "has several coordinates"),
        ((*ROWS, ROWS[0].replace("0.4", "0.6")), "from 2023-11-12 00:00 UTC: 0.4, 0.6 mm; keep"),
        ((*ROWS, ",-50,-24,2023-11-12 01:00,1"), "row 5 has no station"),
    ],
)
def test_a_value_that_cannot_be_right_gives_one_error(
    tmp_path: Path, rows: tuple[str, ...], message: str
) -> None:
    path = table(tmp_path, *rows)
    with pytest.raises(DamagedFile, match=re.escape(message)) as error:
        read_gauges(path, HOURLY)
    assert str(error.value).startswith(f"{path}: ")


@pytest.mark.parametrize("column", ["station", "time", "millimetres", "latitude"])
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    path = table(tmp_path, *ROWS, head=HEAD.replace(column, "other"))
    with pytest.raises(DamagedFile, match=f"it has no column {column}, but .*other"):
        read_gauges(path, HOURLY)


def test_columns_that_are_not_separated_by_commas_are_reported(tmp_path: Path) -> None:
    path = table(tmp_path, "a;0;0;2023-11-12;1", head=HEAD.replace(",", ";"))
    with pytest.raises(DamagedFile, match="are they separated by commas"):
        read_gauges(path, HOURLY)


@pytest.mark.parametrize(("unit", "accepted"), [("mm", True), ("in", False), ("", False)])
def test_only_millimetres_are_accepted(tmp_path: Path, unit: str, accepted: bool) -> None:
    path = table(tmp_path, f"{ROWS[0]},{unit}", head=f"{HEAD},unit")
    if accepted:
        assert len(read_gauges(path, HOURLY).rates) == 1
    else:
        with pytest.raises(DamagedFile, match=r"the unit in row 1 is .*; convert the values to mm"):
            read_gauges(path, HOURLY)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (GaugeFormat(None, "end", "UTC"), "accumulation period [min] is not stated; give --period"),
        (GaugeFormat(60, None, "UTC"), "is not stated; give --time-marks or a column time_marks"),
        (GaugeFormat(60, "end"), "is not stated; give --time-zone or a column time_zone"),
        (GaugeFormat(60, "middle", "UTC"), "time_marks is middle; choose start or end"),
        (GaugeFormat(45, "end", "UTC"), "period is 45 min, not a multiple of 30"),
        (GaugeFormat(60, "end", "Mars/Olympus"), "'Mars/Olympus' is not a time zone; write UTC"),
        (GaugeFormat(60, "end", "UTC", {"rain": "mm"}), "rain is none; choose among station"),
        (GaugeFormat(60, "end", "UTC", {"unit": "U"}), "it has no column U"),
        (GaugeFormat(60, "end", "UTC", {"time": "station"}), "another column is named time alre"),
    ],
)
def test_a_setting_that_is_absent_or_wrong_is_reported(
    tmp_path: Path, form: GaugeFormat, message: str
) -> None:
    with pytest.raises(RainscoreError, match=re.escape(message)):
        read_gauges(table(tmp_path, *ROWS), form)


def test_a_setting_given_twice_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path, f"{ROWS[0]},UTC", head=f"{HEAD},time_zone")
    with pytest.raises(DamagedFile, match="it has a column time_zone, and --time-zone is given"):
        read_gauges(path, HOURLY)
    path = table(tmp_path, "a,0,0,2023-11-12T01:00:00Z,1")
    with pytest.raises(DamagedFile, match="do not give a time zone too"):
        read_gauges(path, HOURLY)


def test_two_periods_in_one_table_are_refused(tmp_path: Path) -> None:
    path = table(tmp_path, f"{ROWS[0]},60", f"{ROWS[2]},30", head=f"{HEAD},period_minutes")
    with pytest.raises(DamagedFile, match="accumulations of 60, 30 min; give one table for each"):
        read_gauges(path, GaugeFormat(None, "end", "UTC"))


def test_an_hour_that_occurs_twice_or_never_is_refused(tmp_path: Path) -> None:
    for time in ("2023-10-29 02:00", "2023-03-26 02:00"):
        path = table(tmp_path, f"a,2.35,48.85,{time},1")
        with pytest.raises(DamagedFile, match="occurs twice or not at all in Europe/Paris"):
            read_gauges(path, GaugeFormat(60, "end", "Europe/Paris"))


def test_stations_without_coordinates_are_named(tmp_path: Path) -> None:
    places = tmp_path / "stations.csv"
    places.write_text("station,longitude,latitude\n008,-49.23,-25.45\n")
    path = table(tmp_path, "007,2023-11-12,1", head="station,time,millimetres")
    with pytest.raises(DamagedFile, match="no coordinates of station 007; add them"):
        read_gauges(path, HOURLY, stations=places)
    with pytest.raises(DamagedFile, match="it has coordinates, and so has"):
        read_gauges(table(tmp_path, *ROWS), HOURLY, stations=places)


@pytest.mark.parametrize("name", ["gauges.csv", "gauges.csv.gz", "gauges.parquet"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe\x80\x81", b"PAR1 cut"])
def test_a_file_of_another_kind_is_refused_with_its_name(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=re.escape(str(path))):
        read_gauges(path, HOURLY)


def test_an_absent_table_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RainscoreError, match="there is no such gauge table"):
        read_gauges(tmp_path / "none.csv", HOURLY)
