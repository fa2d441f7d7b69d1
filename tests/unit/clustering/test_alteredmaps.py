"""Altered maps, in which groups are planted to measure the power of the test for groups."""

from functools import partial

import numpy as np
import pytest

from benchmarks.alteredmaps import (
    AlteredMaps,
    alter_scaled,
    multiplied,
    smoothed,
    with_cells,
    without_weak,
)
from benchmarks.separation_power_maps import distance
from rainscore.clustering.separation import planted_groups
from rainscore.training.channels import CHANNELS, scale_rain
from rainscore.training.dataset import ScoreMaps
from rainscore.training.timecontext import input_channels
from tests.world import training_file

NUMBERS = np.array([5, 6])


def one_pixel() -> np.ndarray:
    rain = np.zeros((2, 9, 9))
    rain[:, 4, 4], rain[:, 0, 0] = 8.0, 0.5
    return rain


def test_rain_is_multiplied_by_one_factor_or_by_that_of_each_map() -> None:
    np.testing.assert_array_equal(multiplied(one_pixel(), NUMBERS, 3.0), 3 * one_pixel())
    per_map = multiplied(one_pixel(), NUMBERS, np.array([1.0, 2.0]))
    assert per_map[:, 4, 4].tolist() == [8.0, 16.0]


def test_weak_rain_is_removed_and_smoothing_keeps_the_mean() -> None:
    assert without_weak(one_pixel(), NUMBERS, 1.0).sum(axis=(1, 2)).tolist() == [8.0, 8.0]
    wide = smoothed(one_pixel(), NUMBERS, 1.0)
    assert wide.mean() == pytest.approx(one_pixel().mean())
    assert wide.max() < 2


def test_cells_are_added_in_other_places_in_each_half_hour() -> None:
    dry = np.zeros((2, 40, 40))
    first, second = with_cells(dry, NUMBERS, 0.02)
    assert first.mean() == pytest.approx(0.02 * 30, rel=0.5) and (first != second).any()
    np.testing.assert_allclose(with_cells(dry[:1], NUMBERS[:1], 0.02)[0], first)


def test_the_distance_of_two_groups_is_in_deviations_within_them() -> None:
    rng = np.random.default_rng(0)
    group, learned = rng.integers(0, 2, 4000), rng.random(4000) < 0.5
    vectors = rng.standard_normal((4000, 3)) * [10.0, 1.0, 1.0]
    assert distance(vectors, group, learned) == pytest.approx(0, abs=0.15)
    vectors[:, 1] += 4 * group
    assert distance(vectors, group, learned) == pytest.approx(4, rel=0.05)


def test_half_of_the_maps_belong_to_the_group_of_their_day() -> None:
    day = np.repeat(np.arange(200), 100)
    group = planted_groups(day, 2, np.random.default_rng(0)).reshape(200, 100)
    most = np.maximum(group.mean(axis=1), 1 - group.mean(axis=1))
    assert most.mean() == pytest.approx(0.75, abs=0.02)


def test_altered_inputs_hold_altered_rain_of_their_half_hour_and_its_neighbours(tmp_path) -> None:
    path, table = training_file(tmp_path, "2019-05-01", "2019-05-02")
    times = table["time"].to_numpy()[:4]
    plain, altered = ScoreMaps([path], times), AlteredMaps([path], times)
    altered.alter = partial(alter_scaled, alteration=multiplied, strength=0.0)
    names = input_channels(CHANNELS)
    before, after = (data.read(np.arange(4))[0].numpy() for data in (plain, altered))
    seen = before[:, [names.index(f"source_{s}") for s in ("imager", "ssmis", "sounder")]]
    microwave = names.index("mw_rain")
    assert before[:, names.index("rain")].max() > 0 == after[:, names.index("rain")].max()
    assert (after[:, microwave][seen.any(axis=1)] == 0).all()
    for i, name in enumerate(names):
        if "rain" not in name and "change" not in name:
            np.testing.assert_array_equal(after[:, i], before[:, i])


def test_altered_rain_is_rounded_as_in_the_training_files() -> None:
    scaled = scale_rain(one_pixel())
    altered = alter_scaled(scaled, NUMBERS, multiplied, 2.0)
    np.testing.assert_array_equal(altered, scale_rain(2 * one_pixel()).astype(np.float16))
