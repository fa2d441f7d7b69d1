import numpy as np
import pandas as pd
import pytest

from rainscore.times import expand_months, month_span, season_of, steps, times_of


def test_ranges_and_single_months_become_months_in_order() -> None:
    assert expand_months(["2020-02", "2019-12..2020-02"]) == ["2019-12", "2020-01", "2020-02"]


def test_a_range_that_ends_before_it_begins_is_an_error() -> None:
    with pytest.raises(ValueError, match="ends before it begins"):
        expand_months(["2020-02..2020-01"])


def test_the_number_of_half_hours_follows_the_days_of_the_month() -> None:
    assert steps(*month_span("2020-02", 1, 31)).size == 29 * 48
    assert steps(*month_span("2019-04", 3, 5)).size == 3 * 48


def test_a_first_day_after_the_end_of_the_month_is_an_error() -> None:
    with pytest.raises(ValueError, match="2019-02 has no day 30"):
        month_span("2019-02", 30, 31)


def test_a_month_that_is_shorter_than_the_last_day_ends_with_the_month() -> None:
    start, end = month_span("2019-02", 27, 31)
    assert (start, end) == (np.datetime64("2019-02-27"), np.datetime64("2019-03-01"))


def test_steps_include_the_start_and_exclude_the_end() -> None:
    times = steps("2019-01-01", "2019-01-01T01:00", 15)
    assert [str(time)[11:16] for time in times] == ["00:00", "00:15", "00:30", "00:45"]


def test_december_belongs_to_the_winter_of_the_meteorologists() -> None:
    assert [season_of(month) for month in (11, 12, 2, 3)] == ["SON", "DJF", "DJF", "MAM"]


def test_the_half_hours_of_several_splits_are_selected() -> None:
    times = steps("2019-01-01", "2019-01-01T02:00")
    table = pd.DataFrame({"time": times, "split": ["train", "gap", "test", "validation"]})
    assert list(times_of(table, "train", "test")) == [times[0], times[2]]
