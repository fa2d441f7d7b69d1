"""Tables of the report about the codes of windows."""

import pandas as pd

from rainscore.clustering.naming import HOURS, SEASONS
from rainscore.imerg.passes import SOURCE_NAMES
from rainscore.report.codetext import families_table

NUMBERS = (
    *("share", "median", "low", "high", "zero", "amount_factor", "place_factor", "hit_rain"),
    *("missed_rain", "false_rain", "age_h", "land", *SOURCE_NAMES, *SEASONS),
    *(f"hour_{i}" for i in range(len(HOURS))),
)


def test_the_table_of_families_says_what_follows_each_family() -> None:
    atlas = pd.DataFrame({"level": "family", "number": [0, 1], "name": ["drizzle", "showers"]})
    atlas = atlas.assign(windows=10, days=3, **dict.fromkeys(NUMBERS, 0.5))
    atlas = atlas.assign(stays=[0.25, 1.0], ends=[0.5, 0.0], next_share=[0.2, float("nan")])
    atlas["next_family"] = pd.array([1, None], "Int64")
    frame = families_table(atlas).frame
    assert frame["next: the same [%]"].tolist() == [25, 100]
    assert frame["next: no rain [%]"].tolist() == [50, 0]
    assert frame["next: other family"].tolist() == ["1 (20 %)", "–"]
