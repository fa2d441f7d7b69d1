import numpy as np
import pandas as pd

from rainscore.prediction.selection import rainiest

TIMES = pd.date_range("2019-05-01", periods=8, freq="30min")


def table(hits: list[int], scored: list[bool]) -> pd.DataFrame:
    score = np.where(scored, 0.5, np.nan)
    return pd.DataFrame({"time": TIMES, "hits": hits, "map_score": score})


def splits(names: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"time": TIMES, "split": names})


def test_the_rainiest_of_each_part_of_the_test_days_is_taken() -> None:
    names = ["train"] * 2 + ["test"] * 6
    found = rainiest(splits(names), table([99, 99, 1, 5, 2, 0, 0, 3], [True] * 8), 2)
    np.testing.assert_array_equal(found, TIMES[[3, 7]])


def test_half_hours_without_a_score_are_passed_over_while_there_are_others() -> None:
    scored = [False] * 6 + [True] * 2
    found = rainiest(splits(["test"] * 8), table([9] * 8, scored), 3)
    np.testing.assert_array_equal(found, TIMES[[6, 7]])


def test_none_scored_gives_some_and_none_asked_for_gives_none() -> None:
    nothing = table([0] * 8, [False] * 8)
    assert rainiest(splits(["test"] * 8), nothing, 2).size == 2
    assert rainiest(splits(["test"] * 8), nothing, 0).size == 0
