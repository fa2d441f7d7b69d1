import pandas as pd

from rainscore.report.tables import largest_days, largest_sample, merge_intervals, pivot


def test_values_and_their_intervals_become_one_column() -> None:
    frame = pd.DataFrame({"a": ["x"], "crps": [0.3141], "crps_low": [0.268], "crps_high": [0.359]})
    assert merge_intervals(frame).to_dict("list") == {"a": ["x"], "crps": ["0.31 [0.27, 0.36]"]}


def test_a_long_table_is_made_wide_in_its_own_order() -> None:
    long = pd.DataFrame(
        {
            "method": ["U-Net", "U-Net", "climatology"],
            "measure": ["skill", "mae", "mae"],
            "value": [0.3141, 0.2, 0.25],
            "low": [0.268, 0.18, 0.22],
            "high": [0.359, 0.22, 0.28],
        }
    )
    wide = pivot(long, index="method", columns="measure")
    assert list(wide.columns) == ["method", "skill", "mae"]
    assert wide["method"].tolist() == ["U-Net", "climatology"]
    assert wide["skill"].tolist() == ["0.31 [0.27, 0.36]", "–"]


def test_the_largest_sample_of_a_table_without_rows_is_zero() -> None:
    rows = pd.DataFrame({"n": [5, 9], "days": [3, 2]})
    assert largest_sample(rows, "maps") == "9 maps, 3 days"
    assert largest_sample(rows[:0], "maps") == "0 maps, 0 days"
    assert largest_days(rows) == 3
