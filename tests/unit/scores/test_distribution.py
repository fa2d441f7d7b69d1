from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from rainscore.scores import distribution
from rainscore.scores.distribution import BINS, EDGES, MASSES

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def drawn(count: int = 40) -> np.ndarray:
    """Random masses, some of them without any score of 0, of 1 or between."""
    masses = np.random.default_rng(0).dirichlet(np.full(MASSES, 0.3), count)
    masses[0] = np.eye(MASSES)[0]
    masses[1] = np.eye(MASSES)[-1]
    masses[2] = np.eye(MASSES)[7]
    masses[3, 0], masses[3, -1] = masses[3, 0] + masses[3, -1], 0.0
    return masses


def test_a_sample_is_counted_at_0_in_its_bin_and_at_1():
    masses = distribution.masses_of(np.array([[0.0, 0.02, 0.05, 0.999], [1.0, 1.0, np.nan, 0.5]]))
    expected = np.zeros((2, MASSES))
    expected[0, [0, 1, 2, BINS]] = 0.25
    expected[1, MASSES - 1], expected[1, 11] = 2 / 3, 1 / 3
    np.testing.assert_allclose(masses, expected)


def test_masses_of_a_sample_without_any_value_are_missing():
    assert np.isnan(distribution.masses_of(np.array([np.nan, np.nan]))).all()


def test_the_distribution_function_jumps_at_0_and_1_and_is_linear_in_a_bin():
    masses = np.zeros(MASSES)
    masses[0], masses[3], masses[-1] = 0.3, 0.6, 0.1  # the third bin is (0.1, 0.15)
    x = np.array([0.0, 0.1, 0.125, 0.15, 0.999, 1.0])
    found = distribution.cdf(np.tile(masses, (6, 1)), x)
    np.testing.assert_allclose(found, [0.3, 0.3, 0.6, 0.9, 0.9, 1.0])


def test_quantiles_are_0_and_1_as_often_as_the_masses_say_and_linear_between():
    masses = np.zeros(MASSES)
    masses[0], masses[3], masses[-1] = 0.3, 0.6, 0.1
    found = distribution.quantiles(masses, (0.1, 0.3, 0.6, 0.9, 0.95))
    np.testing.assert_allclose(found, [0.0, 0.0, 0.125, 0.15, 1.0])


def test_quantiles_invert_the_distribution_function():
    masses = drawn()[4:]
    levels = np.linspace(0.01, 0.99, 25)
    quantiles = distribution.quantiles(masses, levels)
    below = distribution.cdf(np.repeat(masses[:, None], 25, 1), quantiles)
    inside = (quantiles > 0) & (quantiles < 1)
    np.testing.assert_allclose(below[inside], np.broadcast_to(levels, below.shape)[inside])
    assert (below >= levels - 1e-12).all()


def test_mean_is_that_of_many_drawn_scores():
    masses = drawn()[5]
    levels = (np.arange(20_000) + 0.5) / 20_000
    assert distribution.mean(masses) == pytest.approx(
        distribution.quantiles(masses, levels).mean(), abs=1e-4
    )


@pytest.mark.parametrize("truth", [0.0, 0.3, 0.333, 0.35, 1.0])
def test_crps_is_the_integral_of_its_definition(truth):
    masses = drawn(12)

    def squared(x: float, row: np.ndarray) -> float:
        return float((distribution.cdf(row, np.array(x)) - (x >= truth)) ** 2)

    expected = []
    for row in masses:
        ends = np.unique([*EDGES, truth])
        # The upper end of a part is left out: the distribution function jumps at 1.
        parts = [quad(squared, a, b - 1e-12, (row,))[0] for a, b in pairwise(ends)]
        expected.append(sum(parts))
    np.testing.assert_allclose(distribution.crps(masses, np.full(12, truth)), expected, atol=1e-9)


def test_crps_is_that_of_an_ensemble_drawn_from_the_masses():
    """E|X − y| − E|X − X'| / 2, with many quantiles as the members of the ensemble."""
    masses = drawn(10)
    members = distribution.quantiles(masses, (np.arange(2000) + 0.5) / 2000)
    truth = np.random.default_rng(1).random(10)
    spread = np.abs(members[:, :, None] - members[:, None, :]).mean(axis=(1, 2)) / 2
    expected = np.abs(members - truth[:, None]).mean(axis=1) - spread
    np.testing.assert_allclose(distribution.crps(masses, truth), expected, atol=1e-3)


def test_crps_of_a_certain_and_right_prediction_of_0_or_of_1_is_0():
    ends = np.eye(MASSES)[[0, -1]]
    np.testing.assert_array_equal(distribution.crps(ends, np.array([0.0, 1.0])), [0, 0])
    np.testing.assert_array_equal(distribution.crps(ends, np.array([1.0, 0.0])), [1, 1])


def test_single_precision_is_enough_for_the_crps():
    masses, truth = drawn(), np.random.default_rng(2).random(40)
    single = distribution.crps(masses.astype(np.float32), truth.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, distribution.crps(masses, truth), atol=1e-6)


def test_a_missing_truth_or_prediction_gives_a_missing_result():
    masses = np.stack([np.full(MASSES, 1 / MASSES), np.full(MASSES, np.nan)])
    assert np.isnan(distribution.crps(masses, np.array([np.nan, 0.5]))).all()
    assert np.isnan(distribution.quantiles(masses, (0.5,))).tolist() == [[False], [True]]
    assert np.isnan(distribution.masses_from_quantiles(np.array([np.nan, 0.5]), (0.1, 0.9))).all()


def test_masses_from_quantiles_have_these_quantiles():
    """Where a bin holds one level at most, the masses lose nothing but the place in the bin."""
    given = np.sort(np.random.default_rng(3).random((50, 5)), axis=1)
    masses = distribution.masses_from_quantiles(given, LEVELS)
    np.testing.assert_allclose(masses.sum(axis=1), 1)
    assert (masses >= 0).all()
    found = distribution.quantiles(masses, LEVELS)
    np.testing.assert_allclose(found, given, atol=1 / BINS)
    np.testing.assert_allclose(found.mean(axis=0), given.mean(axis=0), atol=0.005)


def test_levels_of_quantiles_at_0_and_1_become_the_masses_of_0_and_1():
    ties = np.array([[0.0, 0.0, 0.4, 1.0, 1.0]])
    masses = distribution.masses_from_quantiles(ties, LEVELS)
    assert masses[0, [0, -1]] == pytest.approx([0.25, 0.25])
    assert masses[0, 1:9] == pytest.approx(0.25 / 8)  # from 0 to 0.4, between 25 and 50 %
    assert masses[0, 9:21] == pytest.approx(0.25 / 12)


def test_quantiles_outside_the_range_belong_to_0_and_1():
    beyond = np.array([-0.1, 0.1, 0.5, 0.9, 1.1])
    masses = distribution.masses_from_quantiles(beyond, (0.1, 0.3, 0.5, 0.7, 0.9))
    assert masses[[0, -1]] == pytest.approx([0.2, 0.2])


def test_masses_from_one_quantile_are_a_point():
    masses = distribution.masses_from_quantiles(np.array([0.42]), (0.5,))
    assert masses[9] == 1  # (0.4, 0.45)


def test_masses_of_many_windows_do_not_depend_on_the_parts_that_they_are_computed_in():
    given = np.sort(np.random.default_rng(4).random((2, distribution.ROWS, 5)), axis=-1)
    masses = distribution.masses_from_quantiles(given, LEVELS)
    assert masses.shape == (2, distribution.ROWS, MASSES)
    np.testing.assert_array_equal(
        masses[1, 7], distribution.masses_from_quantiles(given[1, 7], LEVELS)
    )


def test_a_mean_of_masses_is_the_mixture_of_the_distributions():
    first, second = drawn()[5:7]
    x = np.array(0.37)
    mixed = 0.25 * first + 0.75 * second
    expected = 0.25 * distribution.cdf(first, x) + 0.75 * distribution.cdf(second, x)
    assert distribution.cdf(mixed, x) == pytest.approx(expected)


def test_an_interval_holds_90_percent_whether_or_not_it_ends_at_0_or_1():
    masses = np.full((5, MASSES), 0.0)
    masses[0, 1:-1] = 1 / BINS  # uniform
    masses[1, 0], masses[1, 1:-1] = 0.4, 0.6 / BINS  # often 0
    masses[2, -1], masses[2, 1:-1] = 0.4, 0.6 / BINS  # often 1
    masses[3, [0, -1]], masses[3, 1:-1] = 0.3, 0.4 / BINS  # often either: no bound inside
    masses[4, 0], masses[4, 1:-1] = 0.07, 0.93 / BINS  # 2 of the 5 % at the lower end are used
    low, high = distribution.interval(masses)
    np.testing.assert_allclose(low, [0.05, 0, 1 / 6, 0, 0], atol=1e-12)
    np.testing.assert_allclose(high, [0.95, 5 / 6, 1, 1, 1 - 0.07 / 0.93], atol=1e-12)
    held = distribution.cdf(masses, high) - distribution.cdf(masses, low) * (low > 0)
    np.testing.assert_allclose(held, [0.9, 0.9, 0.9, 1.0, 0.93], atol=1e-12)
