from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rainscore.analysis.lag import find_lag
from rainscore.errors import RainscoreError
from rainscore.evaluation.gaugepairs import (
    gauge_pairs,
    lag_sums,
    point_affinity,
    sample_maps,
    weighted_score,
)
from rainscore.evaluation.gaugetables import Gauges
from tests.gauges import GRID, write_map

HOUR = np.timedelta64(60, "m")
LON, LAT = GRID.lonlat


def gauges(
    rows: list[tuple[str, str, float]],
    places: dict[str, tuple[float, float]] | None = None,
    period: np.timedelta64 = HOUR,
) -> Gauges:
    rates = pd.DataFrame(rows, columns=["station", "start", "rate"])
    rates["start"] = pd.to_datetime(rates["start"]).astype("datetime64[ns]")
    lonlat = places or {"a": (-50, -25), "b": (-50.3, -25.2)}
    stations = pd.DataFrame(
        [(name, *place) for name, place in lonlat.items()],
        columns=["station", "longitude", "latitude"],
    )
    return Gauges(stations, rates, period, 0, 0)


def three_hours(folder: Path) -> None:
    """Six half-hours of uniform rain; the fourth has no rain and the last no estimate."""
    rain, score = (1, 3, 0.5, 0, 2, np.nan), (0.4, 0.8, 0.5, np.nan, 0.6, np.nan)
    for i, (value, predicted) in enumerate(zip(rain, score, strict=True)):
        time = f"2023-11-12T0{i // 2}:{i % 2 * 30:02d}"
        write_map(folder, time, value, score=predicted, hidden=0.3 if value == 0 else np.nan)


def test_two_stations_and_three_hours_by_hand(tmp_path: Path) -> None:
    three_hours(tmp_path)
    table = gauges(
        [
            ("a", "2023-11-12 00:00", 2),
            ("a", "2023-11-12 01:00", 4),
            ("a", "2023-11-12 02:00", 1),  # its second half-hour has no rain estimate
            ("a", "2023-11-12 03:00", 1),  # no map
            ("b", "2023-11-12 01:00", 0),
        ]
    )
    pairs = gauge_pairs(sample_maps([tmp_path], table.stations), table)
    assert pairs["station"].tolist() == ["a", "a", "b"]
    assert pairs["start"].dt.hour.tolist() == [0, 1, 1]
    np.testing.assert_allclose(pairs["imerg"], [2, 0.25, 0.25])
    np.testing.assert_allclose(pairs["gauge"], [2, 4, 0])
    # 2 √(0.25 · 4) / 4.25
    np.testing.assert_allclose(pairs["agreement"], [1, 2 / 4.25, 0])
    # (1 · 0.4 + 3 · 0.8) / 4, and the only half-hour with rain
    np.testing.assert_allclose(pairs["score"], [0.7, 0.5, 0.5])
    assert pairs["hidden_rain_probability"].isna().all()
    np.testing.assert_allclose(pairs["wet_share"], [1, 0.5, 0.5])


def test_hidden_rain_is_the_highest_probability_where_all_half_hours_are_dry(
    tmp_path: Path,
) -> None:
    for time, probability in (("00:00", 0.1), ("00:30", 0.3)):
        write_map(tmp_path, f"2023-11-12T{time}", 0, hidden=probability)
    table = gauges([("a", "2023-11-12 00:00", 0)])
    pairs = gauge_pairs(sample_maps([tmp_path], table.stations), table)
    assert pairs["hidden_rain_probability"].tolist() == pytest.approx([0.3])
    assert pairs[["agreement", "score"]].isna().all(axis=None)


def test_a_half_hourly_gauge_is_compared_with_one_map_and_a_longer_one_with_all(
    tmp_path: Path,
) -> None:
    three_hours(tmp_path)
    for minutes, expected in ((30, 3), (120, 1.125)):
        start = "2023-11-12 00:30" if minutes == 30 else "2023-11-12 00:00"
        table = gauges([("a", start, 1)], period=np.timedelta64(minutes, "m"))
        pairs = gauge_pairs(sample_maps([tmp_path], table.stations), table)
        assert pairs["imerg"].tolist() == [expected]


def test_a_gauge_outside_the_maps_is_left_out(tmp_path: Path, caplog) -> None:
    three_hours(tmp_path)
    table = gauges(
        [("a", "2023-11-12 00:00", 1), ("far", "2023-11-12 00:00", 1)],
        {"a": (-50, -25), "far": (2, 47)},
    )
    pairs = gauge_pairs(sample_maps([tmp_path], table.stations), table)
    assert pairs["station"].tolist() == ["a"]
    assert "1 of 2 stations lie outside the maps" in caplog.text


@pytest.mark.parametrize(
    ("place", "hint"),
    [((-25, -50), "longitude and latitude of the gauges are swapped"), ((2, 47), "score the area")],
)
def test_gauges_that_all_lie_outside_give_an_error(
    tmp_path: Path, place: tuple[float, float], hint: str
) -> None:
    three_hours(tmp_path)
    with pytest.raises(RainscoreError, match=f"no gauge lies inside the scored maps.*{hint}"):
        sample_maps([tmp_path], gauges([], {"a": place}).stations)


def test_gauges_of_another_time_give_an_error_with_both_periods(tmp_path: Path) -> None:
    three_hours(tmp_path)
    table = gauges([("a", "2023-12-12 00:00", 1)])
    with pytest.raises(RainscoreError, match=r"maps are of 2023-11-12 00:00 .*start 2023-12-12"):
        gauge_pairs(sample_maps([tmp_path], table.stations), table)


def test_further_variables_are_averaged_as_the_score(tmp_path: Path) -> None:
    three_hours(tmp_path)
    table = gauges([("a", "2023-11-12 00:00", 1)])
    samples = sample_maps([tmp_path], table.stations, ["score_copy"])
    pairs = gauge_pairs(samples, table, ["score_copy"])
    assert pairs["score_copy"].tolist() == pytest.approx([0.7])


def test_a_half_hour_without_rain_or_score_has_no_weight() -> None:
    scores = np.array([[0.4, 0.8], [0.4, np.nan], [0.4, 0.8], [np.nan, np.nan]])
    rain = np.array([[1, 3], [0, 2], [0, 0], [1, 1]])
    np.testing.assert_allclose(weighted_score(scores, rain), [0.7, 0.4, 0.6, np.nan])


def test_the_affinity_of_a_place_is_that_of_the_score() -> None:
    values = point_affinity(np.array([1.0, 1, 0, 0]), np.array([1.0, 4, 2, 0]))
    np.testing.assert_allclose(values, [1, 0.8, 0, np.nan])


def test_the_lag_of_late_maps_is_found(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rain = rng.gamma(0.5, 2, 96)
    start = np.datetime64("2023-11-12T00:00")
    times = [start + np.timedelta64(30 * i, "m") for i in range(96)]
    for time, value in zip(times, rain, strict=True):
        write_map(tmp_path, str(time), value, score=0.5)
    rows = [("a", str(times[i]), rain[i + 1]) for i in range(95)]  # the maps are 30 min late
    table = gauges(rows, period=np.timedelta64(30, "m"))
    sums = lag_sums(sample_maps([tmp_path], table.stations), table)
    lags, best = find_lag(sums, resamples=50)
    assert best.best == pytest.approx(30, abs=3)
    assert lags.set_index("lag")["value"][30] == pytest.approx(1)
    assert set(lags["n"]) == {88}  # the same accumulations at all lags: of 95, 4 and 3 at the ends
