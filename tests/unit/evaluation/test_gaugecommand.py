from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rainscore.cli import main
from rainscore.evaluation.gaugetables import GaugeFormat, read_gauges
from tests.data import shared
from tests.gauges import write_map


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Folder with the maps of two days, hourly gauges and their stations."""
    rng = np.random.default_rng(5)
    rows = []
    for i in range(96):
        time = np.datetime64("2023-11-01") + np.timedelta64(30 * i, "m")
        rain = rng.gamma(1, 2)
        write_map(tmp_path / "scored", str(time), rain, score=rng.uniform(0, 1))
        if i % 2:
            local = time + np.timedelta64(30 - 180, "m")  # end of the hour, three hours behind UTC
            rows.append(("01", local, rain))
    pd.DataFrame(rows, columns=["code", "date", "mm"]).to_csv(tmp_path / "table.csv", index=False)
    (tmp_path / "stations.csv").write_text("code,longitude,latitude\n01,-50,-25\n")
    return tmp_path


def options(folder: Path, *, zone: str = "UTC-03:00") -> list[str]:
    return [
        *("verify", str(folder / "scored"), "--gauges", str(folder / "table.csv")),
        *("--stations", str(folder / "stations.csv"), "--period-minutes", "60"),
        *("--time-marks", "end", "--time-zone", zone),
        *("--columns", "station=code", "time=date", "millimetres=mm"),
        *("--compare", "score_copy", "--out", str(folder / "verified")),
    ]


def test_the_command_writes_tables_and_a_figure_and_prints_the_main_results(
    files: Path, capsys
) -> None:
    assert main(options(files)) == 0
    names = {path.name for path in (files / "verified").iterdir()}
    tables = {f"{name}.csv" for name in ("measures", "fifths", "stations", "lag")}
    assert names == {*tables, "pairs.parquet", "gauges.png"}
    pairs = pd.read_parquet(files / "verified" / "pairs.parquet")
    assert len(pairs) == 48
    assert set(pairs["station"]) == {"01"}
    printed = capsys.readouterr().out
    assert "1 gauges, 48 accumulations of 60 min, 2023-11-01 to 2023-11-02" in printed
    assert "rank correlation, predicted score minus, score_copy: 0.000 [0.000, 0.000]" in printed


def test_a_wrong_setting_gives_one_line_and_the_exit_status_2(files: Path, capsys) -> None:
    assert main(options(files, zone="Brazil")) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith(f"rainscore: {files / 'table.csv'}: 'Brazil' is not a time zone")
    assert not (files / "verified").exists()


def test_a_real_table_is_read_without_losing_or_inventing_a_value(tmp_path: Path) -> None:
    folder = shared("pairs-brazil-halfhourly")
    wide = pd.read_csv(folder / "gauges_hourly_202311.csv.gz")
    table = tmp_path / "gauges.csv"
    wide.melt("time_utc_hour_end", var_name="code", value_name="mm").to_csv(table, index=False)
    names = {
        "station": "code",
        "longitude": "lon",
        "latitude": "lat",
        "time": "time_utc_hour_end",
        "millimetres": "mm",
    }
    form = GaugeFormat(60, "end", "UTC", names)
    gauges = read_gauges(table, form, stations=folder / "stations.csv")
    values = wide.drop(columns="time_utc_hour_end")
    assert len(gauges.rates) == values.notna().sum().sum() == 60559
    assert gauges.missing == values.isna().sum().sum()
    assert gauges.rates["rate"].sum() == pytest.approx(values.sum().sum())
    assert len(gauges.stations) == 89  # six of 95 have no value in this month
    first = gauges.rates["start"].min()
    assert first == pd.Timestamp("2023-10-31 23:00")
