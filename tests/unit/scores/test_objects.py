"""Rain objects: by hand, matching, masks."""

import numpy as np

from rainscore.scores import objects
from rainscore.scores.objects import ObjectSums, find_objects, object_sums


def blob(y: int, x: int, height: int, width: int, rate: float, n: int = 40) -> np.ndarray:
    field = np.zeros((1, n, n))
    field[0, y : y + height, x : x + width] = rate
    return field


def pair(imerg: np.ndarray, radar: np.ndarray) -> ObjectSums:
    return object_sums(imerg, radar, threshold=1.0, min_area=2, max_distance=10.0)


def test_pixels_that_touch_by_a_corner_are_one_object():
    rate = np.array([[2.0, 0, 0], [0, 4.0, 0], [0, 0, 0]])
    found = find_objects(rate, threshold=1.0)
    assert [part.tolist() for part in found] == [[2], [6], [4], [2 / 3], [2 / 3]]


def test_small_objects_and_missing_pixels_are_left_out():
    rate = np.array([[2.0, 0, np.nan], [0, 0, 3.0], [3.0, 3.0, 0]])
    assert find_objects(rate, threshold=1.0, min_area=2).area.tolist() == [3]
    assert len(find_objects(0 * rate, threshold=1.0).area) == 0


def test_a_moved_larger_weaker_object_by_hand():
    sums = pair(blob(10, 10, 4, 8, 2.0), blob(13, 12, 4, 4, 8.0))
    assert [int(s.item()) for s in sums[:3]] == [1, 1, 1]
    np.testing.assert_allclose(objects.mean_distance(sums), 3.0)
    np.testing.assert_allclose(objects.area_ratio(sums), 2.0, rtol=1e-5)
    np.testing.assert_allclose(objects.rate_ratio(sums), 0.25, rtol=1e-5)
    assert objects.matched_share(sums).item() == 1


def test_objects_too_far_apart_are_not_matched():
    sums = pair(blob(0, 0, 3, 3, 2.0), blob(20, 20, 3, 3, 2.0))
    assert sums.matched.item() == 0 and objects.matched_share(sums).item() == 0
    assert np.isnan(objects.mean_distance(sums)).all()


def test_matching_takes_the_least_total_distance():
    radar = blob(10, 10, 2, 2, 2.0) + blob(10, 16, 2, 2, 2.0)
    sums = pair(blob(10, 6, 2, 2, 2.0) + blob(10, 12, 2, 2, 2.0), radar)
    assert sums.matched.item() == 2
    np.testing.assert_allclose(objects.mean_distance(sums), 4.0)


def test_maps_without_rain_have_no_objects_and_missing_scores():
    sums = pair(blob(0, 0, 0, 0, 0), blob(5, 5, 3, 3, 2.0))
    assert [int(s.item()) for s in sums[:3]] == [0, 1, 0]
    assert objects.matched_share(sums).item() == 0
    dry = pair(blob(0, 0, 0, 0, 0), blob(0, 0, 0, 0, 0))
    assert np.isnan(objects.matched_share(dry)).all()


def test_rain_where_the_other_product_is_missing_is_no_object():
    imerg, radar = blob(5, 5, 4, 4, 3.0), blob(5, 5, 4, 4, 3.0)
    radar[0, :, :20] = np.nan
    assert [int(s.item()) for s in pair(imerg, radar)[:3]] == [0, 0, 0]
