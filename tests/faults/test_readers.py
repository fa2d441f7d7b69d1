"""Changed files of every format: right, missing with its reason, or refused with a clear error."""

import os

import pytest

from tests.faults.outcomes import FAULTS
from tests.faults.subjects import SUBJECTS
from tests.faults.trials import run_trials

COUNT = int(os.environ.get("RAINSCORE_FAULTS", "12"))
"""Number of changes of each format."""


@pytest.mark.parametrize("name", SUBJECTS)
def test_no_changed_file_gives_a_wrong_value_or_an_unclear_error(name: str) -> None:
    trials = run_trials(SUBJECTS[name], count=COUNT)
    assert [trial for trial in trials if trial.outcome in FAULTS] == []
    assert len(trials) == COUNT
