import numpy as np
import pandas as pd
import pytest

from rainscore.report.numbers import cell, count, interval, intervals, number


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        ((0.3141, 0.268, 0.359), "0.31 [0.27, 0.36]"),
        ((0.3, 0.1, 0.5), "0.30 [0.10, 0.50]"),
        ((0.91234, 0.912, 0.913), "0.9123 [0.9120, 0.9130]"),
        ((12.3, 8.0, 17.0), "12 [8, 17]"),
        ((-0.001, -0.2, 0.1), "0.00 [−0.20, 0.10]"),
        ((0.0, 0.0, 0.0), "0.00 [0.00, 0.00]"),
        ((0.25, np.nan, np.nan), "0.250"),
        ((np.nan, 0.1, 0.2), "–"),
    ],
)
def test_an_interval_has_the_decimals_that_its_width_justifies(bounds, text) -> None:
    assert interval(*bounds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (35088, "35\u202f088"),
        (0.031416, "0.0314"),
        (-2.5, "−2.50"),
        (1234.5, "1\u202f234"),
        (0, "0"),
    ],
)
def test_a_number_has_three_significant_digits(value, text) -> None:
    assert number(value) == text


def test_the_numbers_of_a_column_have_the_same_decimals() -> None:
    values, lows, highs = [0.376, 0.018, 0.0, np.nan], [0.29, 0.0071, 0, 0], [0.44, 0.0289, 0, 1]
    texts = ["0.38 [0.29, 0.44]", "0.02 [0.01, 0.03]", "0.00 [0.00, 0.00]", "–"]
    assert intervals(values, lows, highs) == texts
    assert intervals([0.5], [np.nan], [np.nan]) == ["0.500"]


def test_a_cell_has_a_text_for_each_type_of_value() -> None:
    values = [True, np.int64(5), None, pd.NA, pd.Timestamp("2019-01-04 12:30"), "fss", np.nan]
    assert [cell(v) for v in values] == ["yes", "5", "–", "–", "2019-01-04 12:30", "fss", "–"]
    assert cell(pd.Timestamp("2019-01-04")) == "2019-01-04"


def test_a_count_has_thin_spaces_between_thousands() -> None:
    assert [count(n) for n in (0, 999, 35088.4, 1_234_567)] == [
        "0",
        "999",
        "35\u202f088",
        "1\u202f234\u202f567",
    ]
