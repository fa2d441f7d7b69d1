import numpy as np
import pandas as pd

from rainscore.report.draw_walk import HALF_HOURS, walk_times


def tables(rain: dict[int, float], test: list[int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Splits and scores of 100 half-hours, of which `test` are in the test and `rain` have rain."""
    times = pd.date_range("2019-01-01", periods=100, freq="30min")
    split = np.where(np.isin(np.arange(100), test), "test", "train")
    hits = pd.Series(rain).reindex(range(100)).fillna(0.0).to_numpy()
    splits = pd.DataFrame({"time": times, "split": split})
    return splits, pd.DataFrame({"time": times, "hits": hits, "map_score": 0.5})


def numbers(times: np.ndarray) -> list[int]:
    return ((times - np.datetime64("2019-01-01")) // np.timedelta64(30, "m")).tolist()


def test_the_walk_is_around_the_rainiest_half_hour_of_the_test() -> None:
    splits, table = tables({10: 9.0, 50: 5.0}, list(range(30, 80)))
    assert numbers(walk_times(splits, table)) == list(range(44, 56))


def test_the_walk_stays_within_one_block_of_the_test() -> None:
    splits, table = tables({31: 5.0}, [*range(30, 60), *range(70, 90)])
    assert numbers(walk_times(splits, table)) == list(range(30, 30 + HALF_HOURS))
    splits, table = tables({72: 5.0}, [*range(30, 60), *range(70, 76)])
    assert numbers(walk_times(splits, table)) == list(range(70, 76))


def test_half_hours_without_a_score_are_left_out_of_the_walk() -> None:
    splits, table = tables({50: 5.0}, list(range(30, 80)))
    table.loc[table.index == 52, "map_score"] = np.nan
    assert numbers(walk_times(splits, table)) == list(range(40, 52))
