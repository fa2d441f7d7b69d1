import numpy as np
import pytest

from rainscore.simulation.merge import INFRARED_CORRELATION, Merged, random_error
from rainscore.simulation.merge import merge as merge_inputs
from rainscore.simulation.morphing import PropagatedRain

NONE = np.full((1, 1), np.nan, np.float32)
NO_CORRELATION = np.zeros((1, 1), np.float32)


def field(value: float) -> np.ndarray:
    return np.full((1, 1), value, np.float32)


def propagated(rate: float, correlation: float) -> PropagatedRain:
    return PropagatedRain(field(rate), field(correlation))


def merge(direct, direct_correlation, inputs, infrared, sharpening: float = 0.0) -> Merged:
    return merge_inputs(direct, direct_correlation, inputs, infrared, sharpening=sharpening)


def weight(r: float) -> float:
    return r**2 / (1 - r**2)


def test_inputs_are_weighted_by_their_correlation():
    r = 0.4, 0.3, INFRARED_CORRELATION
    rates = 2.0, 4.0, 6.0
    merged = merge(NONE, NO_CORRELATION, [propagated(2, 0.4), propagated(4, 0.3)], field(6))
    weights = [weight(x) for x in r]
    expected = sum(w * x for w, x in zip(weights, rates, strict=True)) / sum(weights)
    assert merged.rate[0, 0] == pytest.approx(expected, rel=1e-5)
    assert merged.infrared_weight[0, 0] == round(100 * weights[2] / sum(weights))
    quality = np.tanh(np.sqrt(sum(np.arctanh(x) ** 2 for x in r)))
    assert merged.quality[0, 0] == pytest.approx(quality, rel=1e-5)


def test_a_direct_observation_is_used_alone():
    merged = merge(field(3), field(0.8), [propagated(1, 0.7)], field(9))
    assert merged.rate[0, 0] == 3 and merged.infrared_weight[0, 0] == 0
    assert merged.quality[0, 0] == np.float32(0.8)


def test_the_infrared_is_not_used_near_an_overpass():
    merged = merge(NONE, NO_CORRELATION, [propagated(1, 0.6)], field(9))
    assert merged.rate[0, 0] == 1 and merged.infrared_weight[0, 0] == 0


def test_the_infrared_is_used_alone_where_there_was_no_overpass():
    merged = merge(NONE, NO_CORRELATION, [propagated(0, 0)], field(9))
    assert merged.rate[0, 0] == 9 and merged.infrared_weight[0, 0] == 100
    assert merged.quality[0, 0] == pytest.approx(INFRARED_CORRELATION)


def test_the_rate_is_missing_where_there_is_no_input():
    merged = merge(NONE, NO_CORRELATION, [propagated(0, 0)], NONE)
    assert np.isnan(merged.rate[0, 0]) and merged.quality[0, 0] == 0


def test_rates_under_the_limit_become_zero():
    assert merge(field(0.01), field(0.8), [propagated(0, 0)], field(0)).rate[0, 0] == 0


def test_sharpening_keeps_direct_rates_and_restores_the_rates_of_the_inputs():
    rng = np.random.default_rng(0)
    shape = (20, 30)
    first, second = (rng.gamma(0.5, 2.0, shape).astype(np.float32) for _ in range(2))
    states = [PropagatedRain(rate, np.full(shape, 0.4, np.float32)) for rate in (first, second)]
    direct = np.full(shape, np.nan, np.float32)
    direct[:, 25:] = 7.0
    none = np.full(shape, np.nan, np.float32)
    averaged, restored = (
        merge(direct, np.full(shape, 0.6, np.float32), states, none, sharpening=strength).rate
        for strength in (0.0, 1.0)
    )
    assert (restored[:, 25:] == 7).all()
    inputs = np.concatenate([first[:, :25], second[:, :25]])
    assert averaged[:, :25].std() < 0.8 * inputs.std()
    assert restored[:, :25].std() == pytest.approx(inputs.std(), rel=0.1)
    assert restored[:, :25].mean() == pytest.approx(averaged[:, :25].mean(), rel=0.05)


def test_the_random_error_is_that_of_real_granules():
    error = random_error(np.array([0.0, 0.5, 1.1, 10.0, np.nan]))
    # Real V04B granules state 0.595 where dry, 13.77 to 15.69 at 1 to 1.2, 76 at 10 to 11 mm/h.
    assert error[0] == np.float32(0.595)
    assert error[1] == pytest.approx(8.5, rel=0.02) and error[2] == pytest.approx(14.9, rel=0.02)
    assert error[3] == pytest.approx(72.2, rel=0.02) and np.isnan(error[4])
