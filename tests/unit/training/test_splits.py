import numpy as np
import pandas as pd
import pytest

from rainscore.errors import RainscoreError
from rainscore.times import month_span, steps
from rainscore.training.splits import check_splits, split_blocks

PATTERN = ["train", "train", "validation", "test", "calibration"]


def split(month: str, *, first: int = 1, last: int = 31, gap: int = 12) -> pd.DataFrame:
    times = steps(*month_span(month, first, last))
    return split_blocks(times, pattern=PATTERN, block_hours=48, gap_hours=gap)


def test_a_period_that_is_too_short_for_a_split_is_refused() -> None:
    check_splits(split("2019-05"))
    with pytest.raises(RainscoreError, match=r"no days for train, validation; give it more days"):
        check_splits(split("2019-05", last=4))


def test_no_day_lies_in_two_splits() -> None:
    table = split("2019-05")
    kept = table[table["split"] != "gap"]
    assert kept.groupby(kept["time"].dt.date)["split"].nunique().max() == 1


def test_different_splits_are_further_apart_than_the_gap() -> None:
    table = pd.concat([split("2019-05"), split("2019-06")], ignore_index=True)
    kept = table[table["split"] != "gap"].reset_index(drop=True)
    change = kept["split"] != kept["split"].shift()
    distance = kept["time"].diff()[change].iloc[1:]
    assert (distance > pd.Timedelta(hours=12)).all()


def test_the_splits_of_a_month_do_not_depend_on_the_other_months() -> None:
    alone = split("2019-06")
    times = np.concatenate([steps(*month_span(m, 1, 31)) for m in ("2019-05", "2019-06")])
    both = split_blocks(times, pattern=PATTERN, block_hours=48, gap_hours=12)
    pd.testing.assert_frame_equal(both[both["time"] >= "2019-06"].reset_index(drop=True), alone)


def test_the_pattern_starts_one_position_further_in_each_month() -> None:
    # 15 h after the start of the first block, later than any gap.
    first = [split(f"2019-0{month}")["split"].iloc[30] for month in range(1, 6)]
    assert first == ["calibration", "train", "train", "validation", "test"]
