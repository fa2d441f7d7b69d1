"""Every format is read and written the same wherever the machine is."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.faults.subjects import SUBJECTS

READERS = [name for name in SUBJECTS if not name.endswith((".json", ".safetensors"))]
"""Formats with times; model files have none."""


@pytest.fixture
def elsewhere(monkeypatch) -> Iterator[None]:
    """A local time 13 hours from UTC."""
    monkeypatch.setenv("TZ", "Pacific/Apia")
    time.tzset()
    assert time.timezone != 0
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("name", READERS)
def test_times_and_values_do_not_depend_on_the_local_time(
    name: str, elsewhere: None, tmp_path: Path, monkeypatch
) -> None:
    found = {}
    for place in ("here", "UTC"):
        if place == "UTC":
            monkeypatch.setenv("TZ", "UTC")
            time.tzset()
        folder = tmp_path / place
        folder.mkdir()
        file = SUBJECTS[name].write(folder)
        if (prepare := SUBJECTS[name].prepare) is not None:
            prepare(file)
        found[place] = dict(SUBJECTS[name].read(file))
    assert found["here"].keys() == found["UTC"].keys()
    for key, value in found["UTC"].items():
        np.testing.assert_array_equal(found["here"][key], value, err_msg=key)
