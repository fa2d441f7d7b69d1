"""SAL: the idealised cases of its authors, masks, and objects by hand."""

import numpy as np
import pytest

from rainscore.scores.sal import find_objects, sal


def disc(y: float, x: float, radius: float, rate: float, n: int = 60) -> np.ndarray:
    row, column = np.indices((n, n))
    return np.where(np.hypot(row - y, column - x) <= radius, rate, 0.0)[None]


def test_the_same_field_scores_zero():
    field = disc(20, 20, 6, 5.0) + disc(40, 45, 3, 9.0)
    np.testing.assert_allclose([v.item() for v in sal(field, field)], 0, atol=1e-12)


def test_a_moved_object_has_only_a_location_error():
    scores = sal(disc(20, 23, 6, 5.0), disc(20, 20, 6, 5.0))
    np.testing.assert_allclose([v.item() for v in scores], [0, 0, 3 / np.hypot(60, 60)], atol=1e-12)


def test_an_object_three_times_as_strong_has_only_an_amplitude_error_of_one():
    scores = sal(disc(20, 20, 6, 15.0), disc(20, 20, 6, 5.0))
    np.testing.assert_allclose([v.item() for v in scores], [0, 1, 0], atol=1e-12)


def test_a_flat_wide_object_has_positive_structure_and_a_peaked_one_negative():
    wide, narrow = disc(30, 30, 12, 2.0), disc(30, 30, 6, 8.0)
    area = (wide > 0).sum(), (narrow > 0).sum()
    expected = (area[0] - area[1]) / (0.5 * (area[0] + area[1]))
    assert sal(wide, narrow).structure.item() == pytest.approx(expected)
    assert sal(narrow, wide).structure.item() == pytest.approx(-expected)


def test_two_objects_for_one_in_the_middle_have_a_scatter_error():
    two = disc(30, 20, 4, 5.0) + disc(30, 40, 4, 5.0)
    scores = sal(two, disc(30, 30, 4, 10.0))
    assert scores.amplitude.item() == pytest.approx(0)
    assert scores.location.item() == pytest.approx(2 * 10 / np.hypot(60, 60))


def test_dry_maps_are_missing_and_a_missed_event_has_the_lowest_amplitude():
    rain, dry = disc(20, 20, 6, 5.0), np.zeros((1, 60, 60))
    assert all(np.isnan(v).all() for v in sal(dry, dry))
    missed = sal(dry, rain)
    assert missed.amplitude.item() == -2
    assert np.isnan(missed.structure).all() and np.isnan(missed.location).all()


def test_pixels_missing_in_the_radar_are_left_out_of_imerg_too():
    imerg = disc(20, 15, 6, 5.0) + disc(20, 50, 6, 50.0)
    radar = disc(20, 15, 6, 5.0)
    radar[:, :, 40:] = np.nan
    np.testing.assert_allclose([v.item() for v in sal(imerg, radar)], 0, atol=1e-12)
    assert all(np.isnan(v).all() for v in sal(imerg, radar, min_valid=0.9))


def test_pixels_that_touch_by_a_corner_are_one_object():
    rate = np.array([[2.0, 0, 0], [0, 4.0, 0], [0, 0, 0]])
    objects = find_objects(rate, threshold=1.0)
    assert [part.tolist() for part in objects] == [[6], [4], [2 / 3], [2 / 3]]


def test_missing_and_dry_pixels_belong_to_no_object():
    rate = np.array([[2.0, 0, np.nan], [0, 0, 3.0], [3.0, 3.0, 0]])
    assert find_objects(rate, threshold=1.0).total.tolist() == [2, 9]
    assert len(find_objects(0 * rate, threshold=1.0).total) == 0
