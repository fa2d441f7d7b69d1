import numpy as np
import pandas as pd
import pytest

from rainscore.analysis.stratification import skill_measures, stratify_skill, with_context
from rainscore.analysis.summaries import threshold_skill
from rainscore.analysis.tabulation import SUMS

DAYS = pd.DatetimeIndex(["2019-01-01", "2019-01-02"])


def test_the_measures_are_those_of_the_sums() -> None:
    imerg, radar = np.array([0.0, 1.0, 2.0, 0.0]), np.array([0.0, 2.0, 0.0, 1.0])
    sums = {
        "n": 4, "sum_imerg": 3, "sum_radar": 3, "sum_imerg2": 5, "sum_radar2": 5, "sum_product": 2,
        "sum_abs_error": 4, "hits": 1, "misses": 1, "false_alarms": 1, "correct_negatives": 1,
        "score_numerator": 3, "score_denominator": 12, "windows": 5,
        "fss_numerator": 1, "fss_denominator": 10,
    }  # fmt: skip
    measures = skill_measures(np.array([sums[name] for name in SUMS], float))
    assert measures["bias"] == 0
    assert measures["cc"] == pytest.approx(np.corrcoef(imerg, radar)[0, 1])
    assert measures["rmse"] == pytest.approx(np.sqrt(((imerg - radar) ** 2).mean()))
    assert (measures["pod"], measures["far"], measures["csi"]) == (0.5, 0.5, pytest.approx(1 / 3))
    assert measures["hss"] == measures["ets"] == measures["hk"] == measures["mcc"] == 0
    assert (measures["pofd"], measures["mae"], measures["mean_error"]) == (0.5, 1, 0)
    assert measures["kge"] == pytest.approx(measures["cc"])
    assert measures["sedi"] == 0
    assert (measures["score"], measures["fss"]) == (0.75, 0.9)
    assert measures["imerg_mean"] == measures["radar_mean"] == 0.75


def month(start: str, source: list[str]) -> pd.DataFrame:
    """A table of one row for each half-hour and source, with sums that differ."""
    times = pd.date_range(start, periods=96, freq="30min")
    rng = np.random.default_rng(1)
    frames = []
    for name in source:
        sums = {column: rng.integers(1, 9, times.size) for column in SUMS}
        frames.append(pd.DataFrame({"time": times, "source": name, **sums}))
    table = pd.concat(frames, ignore_index=True)
    regimes = pd.DataFrame({"time": times, "regime": ["front"] * 48 + [pd.NA] * 48})
    clusters = pd.DataFrame({"time": times[:10], "cluster": -1})
    return with_context(table, regimes, clusters)


GROUPINGS = ((), ("source",), ("season", "hour"), ("regime",), ("cluster",))
OPTIONS: dict = {"resamples": 50, "seed": 3, "groupings": GROUPINGS}


def test_the_classes_of_each_grouping_add_up_to_the_total() -> None:
    months = [month("2019-01-01", ["imager", "morphed"]), month("2019-07-01", ["morphed"])]
    table = stratify_skill(months, **OPTIONS)
    n = table[table["measure"] == "score"].groupby("grouping")["n"].sum()
    assert set(n) == {sum(m["n"].sum() for m in months)}
    by = dict(list(table[table["measure"] == "csi"].groupby("grouping")))
    assert by["source"]["days"].tolist() == [2, 4]
    assert set(by["season × hour"]["season"]) == {"DJF", "JJA"}
    assert by["regime"]["regime"].tolist() == ["front", "unknown"]
    assert set(by["cluster"]["cluster"]) == {"-1", "unknown"}


def test_the_order_of_the_months_does_not_change_a_byte() -> None:
    months = [month("2019-01-01", ["imager"]), month("2019-07-01", ["morphed", "imager"])]
    first, second = (stratify_skill(part, **OPTIONS) for part in (months, months[::-1]))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_another_seed_changes_the_intervals_only() -> None:
    months = [month("2019-01-01", ["imager"]), month("2019-07-01", ["morphed"])]
    first, second = (stratify_skill(months, **{**OPTIONS, "seed": s}) for s in (1, 2))
    pd.testing.assert_series_equal(first["value"], second["value"])
    assert not first["low"].equals(second["low"])


def test_a_threshold_counts_the_classes_at_or_above_it() -> None:
    edges = {0.0: 0, 0.2: 4, 1.0: 11}
    rows = [(0.0, 0.0, 50), (0.2, 0.0, 5), (0.0, 1.0, 3), (1.0, 0.2, 4), (1.0, 1.0, 8)]
    rates = pd.DataFrame(
        {
            "day": DAYS[0],
            "source": "morphed",
            "imerg_class": [edges[a] for a, _, _ in rows],
            "radar_class": [edges[b] for _, b, _ in rows],
            "n": [n for _, _, n in rows],
        }
    )
    table = threshold_skill(rates, resamples=20, seed=0)
    values = table[table["source"] == "morphed"].set_index(["threshold", "measure"])["value"]
    assert values[0.2, "pod"] == pytest.approx(12 / 15)
    assert values[0.2, "far"] == pytest.approx(5 / 17)
    assert values[1.0, "csi"] == pytest.approx(8 / (8 + 3 + 4))
    assert values[1.0, "frequency_bias"] == pytest.approx(12 / 11)
    assert values[0.2, "base_rate"] == pytest.approx(15 / 70)
    assert np.isnan(values[10.0, "pod"])
    assert set(table["n"]) == {70}
