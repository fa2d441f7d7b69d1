import numpy as np

from rainscore.evaluation.daysums import DayCounts, DaySums, Groups, single_group, skill_row

DAYS = np.array(["2019-01-01", "2019-01-01", "2019-01-04"], "M8[D]")
SEASONS = Groups(("DJF", "MAM"), np.array([0, 1, 0]))


def test_rows_are_summed_by_method_group_and_day() -> None:
    sums = DaySums(2)
    rows = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])
    sums.add("a", DAYS, {"season": SEASONS, "all": single_group(3)}, rows)
    sums.add("b", DAYS[:1], {"all": single_group(1)}, rows[:1])
    everything, winter, spring = sums.groups()
    assert (everything.split, everything.group, everything.methods) == ("all", "all", ["a", "b"])
    assert everything.days == ["2019-01-01", "2019-01-04"]
    assert everything.sums.tolist() == [[[3, 30], [4, 40]], [[1, 10], [0, 0]]]
    assert everything.total().tolist() == [[7, 70], [1, 10]]
    assert (winter.group, winter.sums.tolist()) == ("DJF", [[[1, 10], [4, 40]]])
    assert (spring.group, spring.days) == ("MAM", ["2019-01-01"])


def test_values_are_counted_in_bins_by_method_group_and_day() -> None:
    counts = DayCounts(3)
    counts.add("a", DAYS, {"season": SEASONS}, np.array([2, 0, 2]))
    winter, spring = counts.groups()
    assert winter.sums.tolist() == [[[0, 0, 1], [0, 0, 1]]]
    assert spring.sums.tolist() == [[[1, 0, 0]]]


def test_all_methods_are_resampled_with_the_same_blocks() -> None:
    sums = DaySums(1)
    for method, factor in (("a", 1.0), ("b", 3.0)):
        sums.add(method, DAYS, {"all": single_group(3)}, factor * np.array([[1.0], [2.0], [4.0]]))
    (group,) = sums.groups()
    drawn = group.resampled(resamples=20, seed=0)
    assert drawn.shape == (20, 2, 1)
    np.testing.assert_array_equal(drawn[:, 1], 3 * drawn[:, 0])
    assert set(drawn[:, 0, 0]) <= {6.0, 7.0, 8.0}


def test_a_skill_row_has_the_interval_of_the_samples_and_none_with_a_single_block() -> None:
    sums = DaySums(1)
    sums.add("a", DAYS, {"season": SEASONS}, np.ones((3, 1)))
    winter, spring = sums.groups()
    samples = np.linspace(0, 1, 101)
    row = skill_row(winter, "a", "crps", value=0.5, samples=samples, n=2)
    assert row[:4] == ("a", "crps", "season", "DJF")
    np.testing.assert_allclose(row[4:], [0.5, 0.025, 0.975, 2, 2])
    assert np.isnan(skill_row(spring, "a", "crps", value=0.5, samples=samples, n=1).low)


def test_both_days_of_a_block_of_weather_are_drawn_together_and_cases_apart() -> None:
    sums = DaySums(1)
    days = np.array(["a 2019-01-01", "a 2019-01-02", "a 2019-01-03", "b 2019-01-02"])
    sums.add("a", days, {"all": single_group(4)}, np.ones((4, 1)))
    (group,) = sums.groups()
    assert group.blocks == ["a 2019-01-01", "a 2019-01-01", "a 2019-01-03", "b 2019-01-01"]
    weights = group.weights(resamples=50, seed=0)
    np.testing.assert_array_equal(weights[:, 0], weights[:, 1])
    assert (weights[:, 1:].sum(axis=1) == 3).all()
    assert len(np.unique(weights[:, 3])) > 1


def test_two_days_of_one_block_have_no_interval() -> None:
    sums = DaySums(1)
    sums.add("a", np.array(["2019-01-03", "2019-01-04"]), {"all": single_group(2)}, np.ones((2, 1)))
    (group,) = sums.groups()
    assert np.isnan(group.interval(np.linspace(0, 1, 101))).all()
