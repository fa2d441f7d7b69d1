import numpy as np
import pandas as pd
import pytest

from rainscore.choice import CANDIDATES, decide, describe_choice, shifted
from tests.world import SCORE, month_pair


@pytest.fixture(scope="module")
def evidence() -> pd.DataFrame:
    pairs = [month_pair("2019-05-01", "2019-05-04"), month_pair("2019-06-01", "2019-06-03")]
    table, _ = describe_choice(pairs, SCORE, resamples=20, seed=0)
    return table


def value(evidence: pd.DataFrame, score: str, criterion: str) -> float:
    rows = evidence[(evidence["score"] == score) & (evidence["criterion"] == criterion)]
    return rows["value"].iloc[0]


def test_what_a_shift_brings_in_is_missing() -> None:
    moved = shifted(np.arange(4.0).reshape(1, 1, 4), 1)
    np.testing.assert_array_equal(moved, [[[np.nan, 0, 1, 2]]])


def test_every_candidate_loses_by_a_shift(evidence: pd.DataFrame) -> None:
    for score in CANDIDATES:
        assert 0 < value(evidence, score, "displacement") <= 2, score


def test_only_scores_of_amount_see_a_factor_fully(evidence: pd.DataFrame) -> None:
    # Four times the rain: 1 − 3/5 of the amount is lost; the correlation of logs hardly moves.
    assert value(evidence, "amount", "amplitude") == pytest.approx(0.6, abs=1e-3)
    assert value(evidence, "correlation", "amplitude") < 0.3


def test_intervals_hold_the_value_and_say_their_sample(evidence: pd.DataFrame) -> None:
    rows = evidence.dropna()
    assert (rows["low"] <= rows["high"]).all()
    assert rows["days"].eq(5).all()


def test_the_rule_recommends_the_lowest_mean_rank() -> None:
    columns = ("displacement", "amplitude", "defined", "rain_fraction")
    rows = [
        (score, criterion, v)
        for score, values in {"fss": (1, 1, 1, 0), "csi": (0, 0, 0, -1)}.items()
        for criterion, v in zip(columns, values, strict=True)
    ]
    choice = decide(pd.DataFrame(rows, columns=["score", "criterion", "value"]))
    assert choice["recommended"] == "fss"
    assert choice["mean_rank"] == {"fss": 1.0, "csi": 2.0}
