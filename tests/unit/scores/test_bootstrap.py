import numpy as np
import pandas as pd
import pytest

from rainscore.scores.bootstrap import day_weights, interval, measured, with_sample

DAYS = pd.DatetimeIndex(["2019-01-01", "2019-01-02"])


def share(sums: np.ndarray) -> dict[str, np.ndarray]:
    return {"share": sums[..., 0] / np.where(sums[..., 1] > 0, sums[..., 1], np.nan)}


def test_two_days_give_three_samples_with_the_single_days_as_ends() -> None:
    sums = pd.DataFrame({"source": ["a", "a", "b"], "day": DAYS[[0, 1, 1]]})
    sums = sums.assign(x=[1.0, 9.0, 2.0], y=[10.0, 18.0, 2.0])
    draws = day_weights(2, resamples=400, seed=0)
    assert {tuple(draw) for draw in draws} == {(2.0, 0.0), (1.0, 1.0), (0.0, 2.0)}
    table = measured(sums, ["source"], ["x", "y"], share, days=DAYS, weights=draws).set_index(
        "source"
    )
    assert table.loc["a", "value"] == pytest.approx(10 / 28)
    assert list(table.loc["a", ["low", "high"]]) == pytest.approx([0.1, 0.5])
    assert table.loc["b", "value"] == 1
    assert np.isnan(table.loc["b", ["low", "high"]].astype(float)).all()  # one day only
    assert table["days"].tolist() == [2, 1]


def test_the_interval_agrees_with_a_bootstrap_that_draws_day_by_day() -> None:
    rng = np.random.default_rng(2)
    days = pd.date_range("2019-01-01", periods=30)
    sums = pd.DataFrame({"source": "a", "day": days, "x": rng.uniform(0, 1, 30)})
    sums["y"] = rng.uniform(1, 2, 30)
    draws = day_weights(30, resamples=4000, seed=0)
    table = measured(sums, ["source"], ["x", "y"], share, days=days, weights=draws).iloc[0]
    x, y = sums["x"].to_numpy(), sums["y"].to_numpy()
    places = np.random.default_rng(9).integers(0, 30, (4000, 30))
    expected = np.percentile(x[places].sum(axis=1) / y[places].sum(axis=1), [2.5, 97.5])
    assert [table["low"], table["high"]] == pytest.approx(expected, abs=0.006)


def test_the_same_days_and_seed_give_the_same_draws() -> None:
    first, second = (day_weights(5, resamples=20, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (first.sum(axis=1) == 5).all()
    assert day_weights(0, resamples=20, seed=3).shape == (20, 0)
    assert (with_sample(first)[0] == 1).all()


def test_an_interval_is_the_central_95_percent_of_the_samples() -> None:
    low, high = interval(np.linspace(0, 1, 201), days=4)
    assert (low, high) == (pytest.approx(0.025), pytest.approx(0.975))


def test_no_interval_from_one_day_or_from_a_measure_mostly_undefined() -> None:
    samples = np.linspace(0, 1, 10)
    assert np.isnan(interval(samples, days=1)).all()
    few = np.where(np.arange(10) < 6, np.nan, samples)
    assert np.isnan(interval(few, days=4)).all()
    infinite = np.where(np.arange(10) < 3, np.inf, samples)
    assert np.isfinite(interval(infinite, days=4)).all()


def test_intervals_of_many_measures_follow_their_own_number_of_days() -> None:
    samples = np.stack([np.linspace(0, 1, 41), np.linspace(0, 2, 41)], axis=1)
    low, high = interval(samples, days=np.array([1, 3]))
    assert np.isnan(low[0]) and high[1] == pytest.approx(1.95)
