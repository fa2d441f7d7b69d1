import numpy as np
import pandas as pd

from rainscore.prediction.selection import rainiest

TIMES = pd.date_range("2019-05-01", periods=8, freq="30min")


def table(hits: list[int], scored: list[bool]) -> pd.DataFrame:
    score = np.where(scored, 0.5, np.nan)
    return pd.DataFrame({"time": TIMES, "hits": hits, "map_score": score})


def splits(names: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"time": TIMES, "split": names})


def test_the_rainiest_half_hour_of_each_part_of_the_test_days_is_selected() -> None:
    names = ["train"] * 2 + ["test"] * 6
    selected = rainiest(splits(names), table([99, 99, 1, 5, 2, 0, 0, 3], [True] * 8), 2)
    np.testing.assert_array_equal(selected, TIMES[[3, 7]])


def test_half_hours_without_a_score_are_used_only_if_there_are_no_others() -> None:
    scored = [False] * 6 + [True] * 2
    selected = rainiest(splits(["test"] * 8), table([9] * 8, scored), 3)
    np.testing.assert_array_equal(selected, TIMES[[6, 7]])


def test_a_count_of_zero_selects_none_and_unscored_test_days_select_some() -> None:
    nothing = table([0] * 8, [False] * 8)
    assert rainiest(splits(["test"] * 8), nothing, 2).size == 2
    assert rainiest(splits(["test"] * 8), nothing, 0).size == 0
