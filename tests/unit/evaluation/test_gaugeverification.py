from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from rainscore.evaluation.gaugemeasures import (
    by_fifth,
    by_station,
    overall,
    rank_correlations,
    samples_of,
)
from rainscore.evaluation.gaugetables import GaugeFormat, read_gauges
from rainscore.evaluation.gaugeverification import (
    VerificationSettings,
    read_verification,
    summary,
    verify,
    write_verification,
)
from rainscore.times import steps
from tests.gauges import write_map

DRAWS: Any = {"wet_threshold": 0.1, "resamples": 200, "seed": 1}


def pairs_of(**columns) -> pd.DataFrame:
    """Pairs of one station, one a day, unless columns say otherwise."""
    n = len(next(iter(columns.values())))
    days = pd.date_range("2023-11-01", periods=n, freq="D")
    table = pd.DataFrame({"station": "a", "start": days} | columns)
    for name in ("score", "hidden_rain_probability", "wet_share"):
        table[name] = table.get(name, np.nan)
    f, o = table["imerg"], table["gauge"]
    table["agreement"] = (2 * (f * o) ** 0.5 / (f + o)).where(f + o > 0)
    return table


def random_pairs(n: int = 4000) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    score = rng.uniform(0, 1, n)
    gauge = rng.gamma(1, 2, n) * (rng.uniform(0, 1, n) < score)
    imerg = rng.gamma(1, 2, n) + 0.1
    start = pd.Timestamp("2023-11-01") + pd.to_timedelta(rng.integers(0, 20 * 24, n), "h")
    return pairs_of(imerg=imerg, gauge=gauge, score=score, wet_share=0.5 * imerg).assign(
        start=start, noise=rng.uniform(0, 1, n)
    )


def value(table: pd.DataFrame, **where) -> float:
    for column, wanted in where.items():
        table = table[table[column] == wanted]
    return table["value"].item()


def test_a_pair_is_in_the_sample_of_imerg_wet_whatever_the_gauge_is() -> None:
    pairs = pairs_of(
        imerg=[1, 1, 0.05, 0.05, 0, 1],
        gauge=[1, 0, 1, 0, 0, 1],
        score=[0.5, 0.5, 0.5, 0.5, 0.5, np.nan],
    )
    samples = {name: part.index.tolist() for name, part in samples_of(pairs, 0.1)}
    assert samples == {"IMERG wet": [0, 1], "either wet": [0, 1, 2]}


def test_the_rank_correlation_is_spearmans() -> None:
    pairs = random_pairs()
    table = rank_correlations(pairs, ["noise"], **DRAWS)
    columns = {"predicted score": "score", "IMERG rate": "imerg", "noise": "noise"}
    for method, column in columns.items():
        expected = spearmanr(pairs[column], pairs["agreement"]).statistic
        found = value(table, sample="IMERG wet", measure="rank correlation", method=method)
        assert found == pytest.approx(expected, abs=0.005)


def test_differences_are_paired_by_days() -> None:
    pairs = random_pairs().assign(twin=lambda table: table["score"] ** 3)
    table = rank_correlations(pairs, ["noise", "twin"], **DRAWS).query("sample == 'IMERG wet'")
    rows: Any = table.set_index(["measure", "method"])
    difference = "rank correlation, predicted score minus"
    same = rows.loc[(difference, "twin")]
    assert (same["value"], same["low"], same["high"]) == (0, 0, 0)
    other = rows.loc[(difference, "noise")]
    expected = rows["value"]["rank correlation", "predicted score"]
    expected -= rows["value"]["rank correlation", "noise"]
    assert other["value"] == pytest.approx(expected)
    assert 0 < other["low"] < other["value"] < other["high"]
    assert set(table["days"]) == {20} and set(table["n"]) == {4000}


def test_measures_of_two_hours_by_hand() -> None:
    pairs = pairs_of(imerg=[1, 3], gauge=[4, 0], score=[0.6, 0.2])
    table = overall(pairs, **DRAWS)
    measures = table[table["sample"] == "IMERG wet"].set_index("measure")["value"]
    assert measures["predicted"] == pytest.approx(0.4)
    assert measures["mean agreement"] == pytest.approx((0.8 + 0) / 2)
    assert measures["affinity"] == pytest.approx(2 * 2 / (1 + 4 + 3 + 0))
    assert measures["gauge wet"] == 0.5
    assert measures["relative bias"] == 0


def test_fifths_are_those_of_the_predicted_score() -> None:
    n = 50
    pairs = pairs_of(
        imerg=np.ones(n),
        gauge=np.where(np.arange(n) >= 30, 1.0, 0.0),
        score=np.linspace(0, 1, n),
    )
    table = by_fifth(pairs, **DRAWS).query("sample == 'IMERG wet'")
    wet = table[table["measure"] == "gauge wet"]
    assert wet["fifth"].tolist() == [1, 2, 3, 4, 5]
    assert wet["value"].tolist() == [0, 0, 0, 1, 1]
    assert wet["n"].tolist() == [10] * 5
    predicted = table[table["measure"] == "predicted"]["value"]
    assert predicted.is_monotonic_increasing
    assert predicted.iloc[0] == pytest.approx(np.linspace(0, 1, n)[:10].mean())


def test_hidden_rain_is_compared_with_wet_gauges_where_imerg_is_dry() -> None:
    n = 20
    pairs = pairs_of(
        imerg=np.zeros(n),
        gauge=np.where(np.arange(n) >= 16, 0.2, 0.0),
        hidden_rain_probability=np.linspace(0, 0.95, n),
    )
    table = by_fifth(pairs, **DRAWS)
    assert set(table["sample"]) == {"IMERG dry"}
    wet = table[table["measure"] == "gauge wet"]
    assert wet["value"].tolist() == [0, 0, 0, 0, 1]


def test_each_station_has_its_own_agreement() -> None:
    pairs = pairs_of(
        station=["a", "a", "b"], imerg=[1, 1, 1], gauge=[1, 1, 0], score=[0.5, 0.5, 0.5]
    )
    stations = pd.DataFrame({"station": ["a", "b", "dry"], "longitude": 1.0, "latitude": 2.0})
    table = by_station(pairs, stations, **DRAWS)
    assert value(table, station="a", measure="affinity") == 1
    assert value(table, station="b", measure="affinity") == 0
    assert "dry" not in set(table["station"])


def files(folder: Path) -> tuple[Path, Path]:
    """Maps and gauges of three days whose agreement rises with the predicted score."""
    rng = np.random.default_rng(0)
    rows = []
    for i, time in enumerate(steps("2023-11-01", "2023-11-04")):
        rain, score = rng.gamma(1, 2), rng.uniform(0, 1)
        dry = i % 7 == 0
        write_map(
            folder / "scored",
            str(time),
            0 if dry else rain,
            score=np.nan if dry else score,
            hidden=0.2 if dry else np.nan,
        )
        for station, lon in (("007", -50), ("b", -50.2)):
            rows.append((station, lon, -25, time, rain / 2 * rng.binomial(1, score)))
    table = pd.DataFrame(rows, columns=["station", "longitude", "latitude", "time", "millimetres"])
    path = folder / "gauges.csv"
    table.to_csv(path, index=False)
    return folder / "scored", path


def test_files_of_maps_and_gauges_become_tables_that_can_be_read_again(tmp_path: Path) -> None:
    scored, table = files(tmp_path)
    gauges = read_gauges(table, GaugeFormat(30, "start", "UTC"))
    settings = VerificationSettings(["score_copy"], resamples=100, seed=1)
    result = verify([scored], gauges, settings)
    assert len(result.pairs) == 2 * 144
    correlation = value(
        result.measures, sample="IMERG wet", measure="rank correlation", method="predicted score"
    )
    assert correlation > 0.3
    assert value(result.measures, measure="best lag") == pytest.approx(0, abs=10)
    write_verification(result, tmp_path / "verified")
    again = read_verification(tmp_path / "verified")
    pd.testing.assert_frame_equal(again.pairs, result.pairs)
    assert again.pairs.attrs == result.pairs.attrs
    assert set(again.stations["station"]) == {"007", "b"}
    for name in ("measures", "fifths", "stations", "lag"):
        pd.testing.assert_frame_equal(
            getattr(again, name).fillna({"method": ""}),
            getattr(result, name),
            rtol=1e-4,
            check_dtype=False,
        )
    text = "\n".join(summary(result))
    assert "2 gauges, 288 accumulations of 30 min, 2023-11-01 to 2023-11-03" in text
    assert "rank correlation, predicted score: " in text
    assert "gauge wet by fifth of the predicted score: " in text


def test_a_lag_of_half_an_hour_advises_to_check_the_times(tmp_path: Path) -> None:
    scored, table = files(tmp_path)
    gauges = read_gauges(table, GaugeFormat(30, "end", "UTC"))
    last = summary(verify([scored], gauges, VerificationSettings(resamples=50)))[-1]
    assert last.startswith("best lag: IMERG +2")
    assert "check the meaning of the times (start or end) and the time zone" in last


def test_a_single_day_has_no_interval_and_no_advice(tmp_path: Path) -> None:
    scored, table = files(tmp_path)
    gauges = read_gauges(table, GaugeFormat(30, "end", "UTC"))
    for path in sorted(scored.glob("*.nc"))[48:]:
        path.unlink()
    text = "\n".join(summary(verify([scored], gauges, VerificationSettings(resamples=50))))
    assert "[" not in text
    assert text.endswith("min after the gauges")
