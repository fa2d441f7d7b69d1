from dataclasses import fields
from functools import partial

import numpy as np
import pytest

from rainscore.simulation.worlds import RANGES, REFERENCE, World, draw_worlds, transfer_cases


def test_every_parameter_has_a_range_that_holds_the_reference_world():
    assert [field.name for field in fields(World)] == list(RANGES)
    for name, r in RANGES.items():
        assert r.lowest <= r.low <= getattr(REFERENCE, name) <= r.high <= r.highest, name


def test_the_same_seed_draws_the_same_worlds_and_another_seed_others():
    assert draw_worlds(3, seed=5) == draw_worlds(3, seed=5)
    assert draw_worlds(3, seed=5) != draw_worlds(3, seed=6)


def test_worlds_fill_each_range_and_unseen_worlds_go_beyond_it():
    worlds = [world.as_dict() for world in draw_worlds(20, seed=1)]
    unseen = [world.as_dict() for world in draw_worlds(20, seed=1, unseen=True)]
    for name, r in RANGES.items():
        values = np.array([world[name] for world in worlds])
        assert values.min() >= r.low - 1e-3 and values.max() <= r.high + 1e-3
        assert np.ptp(values) > 0.7 * (r.high - r.low)
        beyond = np.array([world[name] for world in unseen])
        assert beyond.min() >= r.lowest - 1e-3 and beyond.max() <= r.highest + 1e-3
    speeds = [world["speed"] for world in unseen]
    assert min(speeds) < RANGES["speed"].low and max(speeds) > RANGES["speed"].high


def test_a_single_world_is_the_reference_world():
    assert draw_worlds(1, seed=9) == [REFERENCE]
    with pytest.raises(ValueError, match="number of worlds is 0"):
        draw_worlds(0, seed=9)


def test_cases_are_unseen_worlds_and_the_files_of_a_folder(tmp_path):
    for name in ("b.nc", "a.nc", "notes.txt"):
        (tmp_path / name).touch()
    cases_of = partial(transfer_cases, days=2, starts=["2019-01-01", "2019-07-05"], seed=3)
    cases = cases_of(worlds=3, radar_folder=str(tmp_path))
    assert list(cases) == ["unseen-world-1", "unseen-world-2", "unseen-world-3", "a", "b"]
    assert cases["unseen-world-2"]["span"] == ["2019-07-05T00:00:00", "2019-07-07T00:00:00"]
    assert cases["b"]["radar"] == str(tmp_path / "b.nc")
    assert cases["a"]["world"] == cases["unseen-world-1"]["world"]
    assert len({case["seed"] for case in list(cases.values())[:3]}) == 3
    assert cases_of(worlds=0, radar_folder=str(tmp_path)) == {}
