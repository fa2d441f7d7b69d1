import pytest

from rainscore.errors import RainscoreError
from tools.final_test import check

FIRST = {"date": "2026-11-28T01:00Z", "commit": "abc", "seed": 7}


def test_the_first_final_test_needs_no_reason() -> None:
    check([], seed=7, run_seed=1, reason="", changes="")


def test_a_second_final_test_is_refused_without_a_reason_and_allowed_with_one() -> None:
    with pytest.raises(RainscoreError, match="made on 2026-11-28T01:00Z with commit abc"):
        check([FIRST], seed=8, run_seed=1, reason=" ", changes="")
    check([FIRST], seed=8, run_seed=1, reason="the radar errors of the worlds changed", changes="")


@pytest.mark.parametrize("seed", [1, 7])
def test_fresh_worlds_have_a_seed_that_was_not_used(seed) -> None:
    with pytest.raises(RainscoreError, match=f"seed {seed} was used before"):
        check([FIRST], seed=seed, run_seed=1, reason="again", changes="")


def test_the_code_must_be_that_of_a_commit() -> None:
    with pytest.raises(RainscoreError, match="commit the changes first"):
        check([], seed=7, run_seed=1, reason="", changes=" M rainscore/grids.py")
