import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from rainscore.simulation.sharpening import sharpen


def showers(seed: int, shape: tuple[int, int] = (70, 90)) -> np.ndarray:
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 2)
    return np.maximum(noise * 20 - 1, 0).astype(np.float32)


def test_the_restored_rates_have_the_wet_area_and_the_spread_of_the_inputs():
    inputs = np.stack([showers(1), showers(2)])
    averaged = inputs.mean(axis=0)
    restored = sharpen(averaged, inputs, np.ones_like(inputs))
    wet = [(rate > 0.1).mean() for rate in (averaged, restored, inputs)]
    assert wet[0] > 1.3 * wet[2]
    assert wet[1] == pytest.approx(wet[2], rel=0.1)
    assert averaged.std() < 0.85 * inputs.std() and restored.std() > 0.9 * inputs.std()
    assert restored.mean() == pytest.approx(averaged.mean(), rel=0.05)


def test_the_order_of_the_rates_is_kept_within_a_neighbourhood():
    inputs = np.stack([showers(1, (10, 10)), showers(2, (10, 10))])
    averaged = inputs.mean(axis=0)
    restored = sharpen(averaged, inputs, np.ones_like(inputs))
    order = np.argsort(averaged, axis=None, kind="stable")
    assert (np.diff(restored.ravel()[order]) >= 0).all()


def test_an_input_without_weight_is_not_used():
    inputs = np.stack([showers(1), 1000 + showers(2)])
    weights = np.stack([np.ones(inputs[0].shape), np.zeros(inputs[0].shape)])
    assert sharpen(inputs[0], inputs, weights).max() <= inputs[0].max()


def test_missing_rates_stay_missing_and_a_dry_map_stays_dry():
    rate = showers(1)
    rate[3, 4] = np.nan
    restored = sharpen(rate, np.nan_to_num(rate)[None], np.ones((1, *rate.shape)))
    assert np.array_equal(np.isnan(restored), np.isnan(rate))
    dry = np.zeros((40, 40), np.float32)
    assert (sharpen(dry, dry[None], np.ones((1, 40, 40))) == 0).all()
