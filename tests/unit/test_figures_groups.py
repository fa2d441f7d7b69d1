import numpy as np
import pandas as pd
import pytest

from rainscore.figures.groups import score_by


def rows(days: int = 6) -> pd.DataFrame:
    times = pd.date_range("2019-01-01", periods=days * 4, freq="6h")
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "time": times,
            "score_numerator": rng.uniform(0, 1, times.size),
            "score_denominator": rng.uniform(1, 2, times.size),
            "hour": times.hour,
        }
    )


def test_the_score_of_a_group_is_that_of_its_sums_not_the_mean_of_scores() -> None:
    table = pd.DataFrame(
        {
            "time": pd.to_datetime(["2019-01-01", "2019-01-01", "2019-01-02"]),
            "score_numerator": [1.0, 0.0, 9.0],
            "score_denominator": [10.0, 2.0, 18.0],
            "class": ["a", "b", "a"],
        }
    )
    found = score_by(table, ["class"], resamples=200, seed=0).set_index("class")
    assert found.loc["a", "value"] == pytest.approx(1 - 10 / 28)
    assert found.loc["b", "value"] == 1
    assert found[["n", "days"]].to_numpy()[0].tolist() == [2, 2]
    # Two days: a resample is the first twice, both, or the second twice.
    assert found[["low", "high"]].to_numpy()[0].tolist() == pytest.approx([0.5, 0.9])
    assert np.isnan(found[["low", "high"]].to_numpy()[1]).all()


def test_maps_without_a_score_are_left_out() -> None:
    table = rows()
    table.loc[table["hour"] == 6, "score_numerator"] = np.nan
    table.loc[table["hour"] == 12, ["score_numerator", "score_denominator"]] = 0.0
    found = score_by(table, ["hour"], resamples=20, seed=0)
    assert found["hour"].tolist() == [0, 18]
    assert found["n"].tolist() == [6, 6]


def test_the_same_seed_gives_the_same_intervals() -> None:
    once, again = (score_by(rows(), ["hour"], resamples=50, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(once, again)


def test_the_interval_agrees_with_a_bootstrap_written_out() -> None:
    table = rows(30).assign(all="all")
    found = score_by(table, ["all"], resamples=4000, seed=0).iloc[0]
    days = [part for _, part in table.groupby(table["time"].dt.date)]
    rng = np.random.default_rng(9)
    values = []
    for _ in range(1500):
        drawn = pd.concat([days[i] for i in rng.integers(0, len(days), len(days))])
        values.append(1 - drawn["score_numerator"].sum() / drawn["score_denominator"].sum())
    expected = np.percentile(values, [2.5, 97.5])
    assert [found["low"], found["high"]] == pytest.approx(expected, abs=0.006)
