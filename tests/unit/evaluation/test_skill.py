import numpy as np
import pandas as pd
import pytest

from rainscore.evaluation.daysums import DaySums, single_group
from rainscore.evaluation.skill import (
    STATISTICS,
    measures,
    paired_table,
    score_statistics,
    share_table,
    skill_table,
)
from rainscore.scores.distribution import MASSES, crps, masses_from_quantiles, quantiles

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def masses(quantiles: np.ndarray) -> np.ndarray:
    """Distributions with these quantiles at the levels, dims (n, mass)."""
    return masses_from_quantiles(quantiles, LEVELS)


def test_statistics_of_one_window_by_hand() -> None:
    """Half of the probability at 0, half uniform over (0, 1); the observed score is 0.7."""
    row = 0.5 * np.eye(MASSES)[[0]] + np.where(np.arange(MASSES) % 21 == 0, 0, 0.5 / 20)
    values = dict(zip(STATISTICS, score_statistics(row, np.array([0.7]))[0], strict=True))
    # F(x) = (1 + x) / 2: the integrals of F² below 0.7 and of (1 − F)² above it.
    assert values["crps"] == pytest.approx((1.7**3 - 1) / 12 + 0.3**3 / 12)
    assert values["absolute_error"] == pytest.approx(0.7)  # the median is 0
    assert values["brier_zero"] == pytest.approx(0.25)
    assert (values["covered"], values["width"]) == (1, pytest.approx(0.8))


def test_another_interval_can_be_given_with_the_distribution() -> None:
    row = np.eye(MASSES)[[10]]
    statistics = score_statistics(row, np.array([0.8]), (np.array([0.4]), np.array([0.7])))
    values = dict(zip(STATISTICS, statistics[0], strict=True))
    assert values["covered"] == 0 and values["width"] == pytest.approx(0.3)


def test_crps_from_sums_is_the_mean_of_the_crps_of_the_windows() -> None:
    rng = np.random.default_rng(0)
    predicted, truth = rng.dirichlet(np.ones(MASSES), 200), rng.random(200)
    ours = measures(score_statistics(predicted, truth).sum(axis=0))["crps"]
    assert ours == pytest.approx(crps(predicted, truth).mean())


def test_correlation_agrees_with_numpy() -> None:
    rng = np.random.default_rng(1)
    predicted = masses(np.sort(rng.random((300, 5)), axis=1))
    median = quantiles(predicted, (0.5,))[:, 0]
    truth = 0.5 * median + 0.5 * rng.random(300)
    sums = score_statistics(predicted, truth).sum(axis=0)
    expected = np.corrcoef(median, truth)[0, 1]
    assert measures(sums)["correlation"] == pytest.approx(expected)


def days_of(better: str, n_days: int, order: int = 1) -> DaySums:
    sums = DaySums(len(STATISTICS))
    for day in range(n_days)[::order]:
        truth = np.random.default_rng([2, day]).random(50)
        wide = np.tile(LEVELS, (50, 1))
        near = np.clip(truth[:, None] + (np.array(LEVELS) - 0.5) * 0.1, 0, 1)
        for method, values in (("climatology", wide), (better, near)):
            statistics = score_statistics(masses(values), truth)
            days = np.full(50, f"2019-01-{2 * day + 1:02d}")
            sums.add(method, days, {"all": single_group(50)}, statistics)
    return sums


def test_a_sharp_method_has_positive_skill_with_an_interval_above_zero() -> None:
    table = skill_table(days_of("sharp", 8), reference="climatology", resamples=200, seed=0)
    row = table[(table["method"] == "sharp") & (table["measure"] == "crps_skill")].iloc[0]
    assert 0.5 < row["low"] < row["value"] < row["high"] < 1
    assert (row["days"], row["n"]) == (8, 400)
    base = table[(table["method"] == "climatology") & (table["measure"] == "crps_skill")].iloc[0]
    assert (base["value"], base["low"], base["high"]) == (0, 0, 0)


def test_a_single_day_has_no_interval() -> None:
    table = skill_table(days_of("sharp", 1), reference="climatology", resamples=200, seed=0)
    assert table["value"].notna().any()
    assert table[["low", "high"]].isna().all(axis=None)


def test_tables_do_not_depend_on_the_order_in_which_maps_are_added() -> None:
    first, second = (
        skill_table(days_of("sharp", 4, order), reference="climatology", resamples=50, seed=0)
        for order in (1, -1)
    )
    pd.testing.assert_frame_equal(first, second)


def test_r2_is_one_minus_the_squared_errors_over_the_variance() -> None:
    truth = np.array([0.0, 0.5, 1.0])
    predicted = masses(np.array([0.275, 0.525, 0.775])[:, None] * np.ones(5))
    sums = score_statistics(predicted, truth).sum(axis=0)
    squared = 0.275**2 + 0.025**2 + 0.225**2
    assert measures(sums)["r2"] == pytest.approx(1 - squared / 0.5)


def test_the_predicted_mean_is_the_mean_of_the_predicted_distribution() -> None:
    row = 0.5 * np.eye(MASSES)[[0]] + 0.5 * np.eye(MASSES)[[-1]]
    sums = score_statistics(row, np.array([0.4])).sum(axis=0)
    assert measures(sums)["predicted"] == pytest.approx(0.5)
    assert measures(sums)["found"] == pytest.approx(0.4)


def test_a_paired_difference_can_be_significant_where_the_intervals_overlap() -> None:
    """Days differ far more than the methods, of which one is a little better on each."""
    sums, rng = DaySums(len(STATISTICS)), np.random.default_rng(5)
    everything = {"all": single_group(40)}
    for day in range(12):
        truth = rng.random(40)
        noise = rng.normal(0, 0.02 + 0.3 * rng.random(), 40)
        for method, size in (("good", 1.0), ("worse", 1.1)):
            centre = (truth + size * noise)[:, None] + np.zeros(5)
            rows = score_statistics(masses(centre), truth)
            sums.add(method, np.full(40, f"day {day:02d}"), everything, rows)
    table = paired_table(sums, splits=["all"], resamples=400, seed=0)
    row = table[table["method"] == "good"].to_dict("records")[0]
    assert row["skill"] == pytest.approx(1 - 1 / 1.1, abs=0.02)
    assert row["low"] < row["difference"] < row["high"] < 0
    assert row["p"] == pytest.approx(2 / 401)
    skill = skill_table(sums, reference="worse", resamples=400, seed=0)
    bounds = skill[skill["measure"] == "crps"].set_index("method")
    assert bounds["high"]["good"] > bounds["low"]["worse"]
    assert paired_table(sums, splits=["map"], resamples=20, seed=0).empty


def test_equally_good_methods_do_not_differ_significantly() -> None:
    sums, rng = DaySums(len(STATISTICS)), np.random.default_rng(6)
    for day in range(30):
        truth = rng.random(40)
        for method in ("a", "b"):
            centre = (truth + rng.normal(0, 0.1, 40))[:, None] + np.zeros(5)
            rows = score_statistics(masses(centre), truth)
            sums.add(method, np.full(40, f"day {day:02d}"), {"all": single_group(40)}, rows)
    row = paired_table(sums, splits=["all"], resamples=400, seed=0).to_dict("records")[0]
    assert row["p"] > 0.05 and row["low"] < 0 < row["high"]


def test_shares_and_their_intervals_by_hand() -> None:
    sums = DaySums(3)
    for day, counts in enumerate(([1, 4, 10], [3, 4, 10])):
        days = np.array([f"2019-01-{1 + 2 * day:02d}"])
        sums.add("U-Net", days, {"all": single_group(1)}, np.array([counts]))
    table = share_table(sums, resamples=200, seed=0)
    assert table["share"].tolist() == pytest.approx([0.2, 0.4])
    assert table["low"].tolist() == pytest.approx([0.1, 0.4])
    assert table["high"].tolist() == pytest.approx([0.3, 0.4])
    assert table["n"].eq(20).all() and table["days"].eq(2).all()
