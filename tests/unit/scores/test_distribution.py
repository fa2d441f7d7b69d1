"""Distributions: counts by hand, against SciPy and NumPy."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from rainscore.scores.distribution import EDGES, joint_histogram, quantile, wasserstein


def rain(seed: int, shape: tuple[int, ...] = (3, 60, 60)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.where(rng.random(shape) < 0.3, rng.lognormal(0, 1, shape), 0).astype(np.float32)


def test_counts_by_hand_leave_out_missing_pixels():
    imerg = np.array([[[0.0, 0.5, 1.0], [3.0, np.nan, 1.0]]])
    radar = np.array([[[0.0, 1.0, 0.9], [np.nan, 1.0, 1.0]]])
    counts = joint_histogram(imerg, radar, edges=np.array([0.0, 0.5, 1.0]))
    np.testing.assert_array_equal(counts[0], [[1, 0, 0], [0, 0, 1], [0, 1, 1]])


def test_quantiles_of_an_even_histogram_lie_evenly():
    edges = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    histogram = np.array([2, 2, 2, 2, 0])
    np.testing.assert_allclose(
        [quantile(histogram, q, edges) for q in (0.25, 0.5, 0.9)], [1, 2, 3.6]
    )
    assert np.isnan(quantile(0 * histogram, 0.5, edges))


def test_the_lowest_quantile_is_where_the_pixels_begin():
    edges = np.array([0.0, 1.0, 2.0, 3.0])
    for histogram, lowest in (([5, 0, 0, 0], 0), ([0, 0, 5, 0], 2)):
        assert quantile(np.array(histogram), 0.0, edges) == lowest


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9, 0.99])
def test_quantiles_agree_with_numpy_within_a_class(share):
    field = rain(0)
    ours = quantile(joint_histogram(field, field).sum(axis=(0, 2)), share)
    assert ours == pytest.approx(np.quantile(field, share), rel=0.09, abs=0.01)


def test_distance_between_two_constant_fields_is_their_difference():
    edges = np.arange(0.0, 10.0)
    one, three = np.full((1, 4, 4), 1.0), np.full((1, 4, 4), 3.0)
    np.testing.assert_allclose(wasserstein(joint_histogram(one, three, edges), edges), [2.0])


def test_distance_agrees_with_scipy_to_a_percent():
    imerg, radar = rain(1), 1.4 * rain(2) + 0.1
    ours = wasserstein(joint_histogram(imerg, radar))
    for value, a, b in zip(ours, imerg, radar, strict=True):
        assert value == pytest.approx(wasserstein_distance(a.ravel(), b.ravel()), rel=0.02)


def test_distance_of_a_total_follows_from_the_sum_of_counts():
    imerg, radar = rain(3), rain(4)
    whole = wasserstein(joint_histogram(imerg, radar).sum(axis=0))
    again = joint_histogram(imerg.reshape(1, -1, 60), radar.reshape(1, -1, 60))
    assert whole == wasserstein(again)[0]


def test_a_map_without_valid_pixels_has_no_distance():
    assert np.isnan(wasserstein(joint_histogram(np.full((1, 2, 2), np.nan), rain(5)[:1, :2, :2])))


def test_classes_cover_dry_to_extreme_rates():
    assert EDGES[0] == 0 and EDGES[-1] == pytest.approx(300) and np.all(np.diff(EDGES) > 0)
