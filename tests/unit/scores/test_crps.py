import numpy as np
import pytest
from scipy.stats import norm

from rainscore.scores.crps import crps_from_ensemble, crps_from_quantiles, pinball

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def test_pinball_loss_by_hand():
    loss = pinball(np.array([[0.0, 0.5, 1.0]]), np.array([0.8]), (0.25, 0.5, 0.75))
    assert loss[0] == pytest.approx([0.25 * 0.8, 0.5 * 0.3, 0.25 * 0.2])


def test_crps_from_quantiles_by_hand():
    crps = crps_from_quantiles(np.array([[0.0, 0.5, 1.0]]), np.array([0.8]), (0.25, 0.5, 0.75))
    assert crps == pytest.approx([2 * (0.375 * 0.2 + 0.25 * 0.15 + 0.375 * 0.05)])


def test_crps_of_equal_quantiles_is_the_absolute_error():
    quantiles = np.full((1, 5), 0.3)
    assert crps_from_quantiles(quantiles, np.array([0.7]), LEVELS) == pytest.approx([0.4])


def test_crps_of_many_quantiles_is_that_of_the_normal_distribution_in_closed_form():
    levels = tuple((np.arange(2000) + 0.5) / 2000)
    truth = np.array([-1.0, 0.0, 0.4, 2.5])
    quantiles = np.broadcast_to(norm.ppf(levels), (4, 2000))
    closed = truth * (2 * norm.cdf(truth) - 1) + 2 * norm.pdf(truth) - 1 / np.sqrt(np.pi)
    assert crps_from_quantiles(quantiles, truth, levels) == pytest.approx(closed, abs=1e-3)


def test_crps_is_missing_where_the_truth_is_missing():
    maps = crps_from_quantiles(np.full((1, 1, 2, 5), 0.5), np.array([[[np.nan, 0.5]]]), LEVELS)
    assert np.isnan(maps[0, 0, 0]) and maps[0, 0, 1] == 0


def test_crps_of_an_ensemble_of_one_member_is_the_absolute_error():
    crps = crps_from_ensemble(np.array([0.4]), np.array([0.1, 0.9]))
    np.testing.assert_allclose(crps, [0.3, 0.5])


def test_crps_of_an_ensemble_equals_its_definition_by_pairs():
    """E|X − y| − E|X − X'| / 2, over all pairs; a truth may equal a member or lie outside."""
    rng = np.random.default_rng(0)
    values, truth = np.sort(rng.random(40)), np.append(rng.random(30), [-1, 2])
    truth[0] = values[7]
    pairs = np.abs(values[:, None] - values).mean() / 2
    expected = np.abs(truth[:, None] - values).mean(axis=1) - pairs
    np.testing.assert_allclose(crps_from_ensemble(values, truth), expected, atol=1e-14)


def test_both_estimates_of_the_crps_agree_for_a_large_sample():
    levels = tuple((np.arange(500) + 0.5) / 500)
    values = np.sort(np.random.default_rng(1).random(500))
    truth = np.array([0.1, 0.5, 1.2])
    from_quantiles = crps_from_quantiles(np.tile(values, (3, 1)), truth, levels)
    assert from_quantiles == pytest.approx(crps_from_ensemble(values, truth), abs=1e-3)
