from pathlib import Path

import pytest

from rainscore.groups import group_scores
from rainscore.scoremaps import score_month
from tests.world import SCORE, month_pair, training_file


def test_the_groups_of_a_map_add_up_to_the_map(tmp_path: Path) -> None:
    features, table = training_file(tmp_path, "2019-05-01", "2019-05-02")
    maps, _ = score_month(month_pair("2019-05-01", "2019-05-02"), SCORE)
    groups = group_scores(features, maps)
    sums = groups.groupby("time")[["score_numerator", "score_denominator", "windows"]].sum()
    whole = table.set_index("time").loc[sums.index]
    for ours, theirs in (
        ("score_numerator",) * 2,
        ("score_denominator",) * 2,
        ("windows", "defined"),
    ):
        assert sums[ours].to_numpy() == pytest.approx(whole[theirs].to_numpy(), rel=1e-4), ours


def test_half_hours_with_microwave_are_of_its_source_and_age_now(tmp_path: Path) -> None:
    features, _ = training_file(tmp_path, "2019-05-01", "2019-05-02")
    maps, _ = score_month(month_pair("2019-05-01", "2019-05-02"), SCORE)
    groups = group_scores(features, maps)
    seen = groups[groups["time"].dt.minute.eq(0) & groups["time"].dt.hour.mod(3).eq(0)]
    assert set(seen["source"]) == {"imager"}
    assert set(seen["age"]) == {"now"}
    assert "infrared" in set(groups["source"])
