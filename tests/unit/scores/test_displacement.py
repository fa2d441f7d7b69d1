"""Displacement and amplitude: rigid shifts, misses, mixtures."""

import numpy as np
import pytest

from rainscore.scores.displacement import (
    DisplacementSums,
    amplitude,
    das,
    displacement,
    displacement_sums,
    search_distance,
    typical_rate,
)


def hill(y: float, x: float, peak: float = 10.0, n: int = 96) -> np.ndarray:
    row, column = np.indices((n, n))
    rate = peak * np.exp(-((row - y) ** 2 + (column - x) ** 2) / (2 * 6.0**2))
    return np.where(rate < 0.1, 0, rate)[None]


def sums_of(imerg: np.ndarray, radar: np.ndarray, levels: int = 3) -> DisplacementSums:
    return displacement_sums(imerg, radar, threshold=0.2, levels=levels)


def test_the_same_field_is_not_moved_and_leaves_nothing():
    sums = sums_of(hill(48, 48), hill(48, 48))
    assert displacement(sums).item() == 0 and amplitude(sums).item() == 0


@pytest.mark.parametrize("dy, dx", [(0, 6), (8, 0), (-5, 9)])
def test_a_moved_hill_is_found_where_it_went(dy, dx):
    radar = hill(48, 48)
    sums = sums_of(hill(48 + dy, 48 + dx), radar)
    assert displacement(sums).item() == pytest.approx(np.hypot(dy, dx), rel=0.15)
    assert amplitude(sums).item() < 0.1 * typical_rate(sums).item()


def test_rain_beyond_the_search_distance_is_an_amplitude_error_alone():
    radar = hill(20, 20)
    sums = sums_of(hill(76, 76), radar, levels=2)
    assert search_distance(2) == 14
    assert displacement(sums).item() < 1
    assert amplitude(sums).item() == pytest.approx(typical_rate(sums).item(), rel=0.05)


def test_a_missed_event_keeps_the_whole_rate_of_the_radar():
    sums = sums_of(0 * hill(0, 0), hill(48, 48))
    assert displacement(sums).item() == 0
    np.testing.assert_allclose(amplitude(sums), typical_rate(sums), rtol=1e-6)
    np.testing.assert_allclose(das(sums, intensity=typical_rate(sums).item(), levels=3), 1)


def test_a_farther_hill_scores_worse():
    radar = hill(48, 48)
    scores = [das(sums_of(hill(48, 48 + d), radar), intensity=5.0, levels=3) for d in (0, 4, 8, 16)]
    assert np.all(np.diff(np.concatenate(scores)) > 0)


def test_dry_maps_are_missing():
    sums = sums_of(0 * hill(0, 0), 0 * hill(0, 0))
    assert np.isnan(das(sums, intensity=1.0, levels=3)).all()


def test_pixels_missing_in_the_radar_are_left_out_of_imerg_too():
    imerg = hill(20, 48) + hill(80, 48)
    radar = hill(20, 48)
    radar[:, 60:] = np.nan
    sums = sums_of(imerg, radar)
    assert displacement(sums).item() == 0 and amplitude(sums).item() == 0


def test_a_map_whose_side_is_no_multiple_of_the_blocks_is_handled():
    sums = sums_of(hill(40, 40, n=83)[:, :79], hill(40, 46, n=83)[:, :79])
    assert displacement(sums).item() == pytest.approx(6, rel=0.15)
