import numpy as np
import pytest

from rainscore.simulation.merge import INFRARED_CORRELATION, SOURCE_CORRELATION, merge, random_error
from rainscore.simulation.morphing import PropagatedRain

NONE = np.full((1, 1), np.nan, np.float32)
NO_SOURCE = np.zeros((1, 1), np.uint8)


def field(value: float) -> np.ndarray:
    return np.full((1, 1), value, np.float32)


def propagated(rate: float, correlation: float) -> PropagatedRain:
    return PropagatedRain(field(rate), field(correlation))


def weight(r: float) -> float:
    return r**2 / (1 - r**2)


def test_inputs_are_weighted_by_their_correlation():
    r = 0.4, 0.3, INFRARED_CORRELATION
    rates = 2.0, 4.0, 6.0
    merged = merge(NONE, NO_SOURCE, [propagated(2, 0.4), propagated(4, 0.3)], field(6))
    weights = [weight(x) for x in r]
    expected = sum(w * x for w, x in zip(weights, rates, strict=True)) / sum(weights)
    assert merged.rate[0, 0] == pytest.approx(expected, rel=1e-5)
    assert merged.infrared_weight[0, 0] == round(100 * weights[2] / sum(weights))
    quality = np.tanh(np.sqrt(sum(np.arctanh(x) ** 2 for x in r)))
    assert merged.quality[0, 0] == pytest.approx(quality, rel=1e-5)


def test_a_direct_observation_is_used_alone():
    source = np.full((1, 1), 9, np.uint8)
    merged = merge(field(3), source, [propagated(1, 0.7)], field(9))
    assert merged.rate[0, 0] == 3 and merged.infrared_weight[0, 0] == 0
    assert merged.quality[0, 0] == SOURCE_CORRELATION[9]


def test_the_infrared_is_not_used_near_an_overpass():
    merged = merge(NONE, NO_SOURCE, [propagated(1, 0.6)], field(9))
    assert merged.rate[0, 0] == 1 and merged.infrared_weight[0, 0] == 0


def test_the_infrared_is_used_alone_where_there_was_no_overpass():
    merged = merge(NONE, NO_SOURCE, [propagated(0, 0)], field(9))
    assert merged.rate[0, 0] == 9 and merged.infrared_weight[0, 0] == 100
    assert merged.quality[0, 0] == pytest.approx(INFRARED_CORRELATION)


def test_the_rate_is_missing_where_there_is_no_input():
    merged = merge(NONE, NO_SOURCE, [propagated(0, 0)], NONE)
    assert np.isnan(merged.rate[0, 0]) and merged.quality[0, 0] == 0


def test_rates_under_the_limit_become_zero():
    assert merge(field(0.01), NO_SOURCE + 9, [propagated(0, 0)], field(0)).rate[0, 0] == 0


def test_the_random_error_grows_with_the_rate_and_is_missing_where_it_is():
    error = random_error(np.array([0.0, 1.0, 10.0, np.nan]))
    assert error[0] == 0 and error[1] == pytest.approx(0.6) and error[2] > error[1]
    assert np.isnan(error[3])
