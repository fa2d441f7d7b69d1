import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates, shift

from rainscore.simulation.morphing import Departure, PropagatedRain, estimate_motion, mean_motion

SHAPE = (40, 50)


def blobs(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(SHAPE)
    return np.maximum(gaussian_filter(noise, 2) * 10 - 0.8, 0).astype(np.float32)


def uniform(dy: float, dx: float) -> Departure:
    return Departure.by(np.full(SHAPE, dy, np.float32), np.full(SHAPE, dx, np.float32))


def propagated(rate: np.ndarray) -> PropagatedRain:
    return PropagatedRain(rate, np.full(SHAPE, 0.8, np.float32))


@pytest.mark.parametrize("move", [(0.0, 0.0), (3.0, -2.0), (1.5, 4.25)])
def test_the_displacement_of_a_shifted_map_is_estimated(move):
    before = blobs()
    dy, dx, weight = estimate_motion(before, shift(before, move, order=1))
    assert (dy, dx) == pytest.approx(move, abs=0.3)
    assert weight > 0


def test_the_displacement_has_no_weight_where_a_map_is_dry_or_missing():
    dry, missing = np.zeros(SHAPE), np.full(SHAPE, np.nan)
    assert estimate_motion(dry, blobs())[2] == 0
    assert estimate_motion(missing, missing) == (0, 0, 0)


def test_the_mean_motion_is_weighted_and_is_the_default_without_motions():
    assert mean_motion([], (1.0, 2.0)) == (1, 2)
    dy, dx = mean_motion([(2.0, 4.0, 3.0), (0.0, 0.0, 1.0)], (0.0, 0.0))
    assert (dy, dx) == pytest.approx((1.5, 3.0), rel=1e-3)


def test_a_step_of_whole_cells_moves_the_rain_and_lowers_the_correlation():
    rate = blobs()
    moved = propagated(rate).moved(uniform(2, -3), decay=0.9)
    np.testing.assert_allclose(moved.rate[2:, :-3], rate[:-2, 3:], rtol=1e-6)
    np.testing.assert_allclose(moved.correlation[2:, :-3], 0.72, rtol=1e-6)
    assert (moved.correlation[:2] == 0).all() and (moved.correlation[:, -3:] == 0).all()


def test_a_step_agrees_with_scipy_for_any_displacement():
    rng = np.random.default_rng(1)
    dy, dx = (gaussian_filter(rng.standard_normal(SHAPE), 4) * 6 for _ in range(2))
    moved = propagated(blobs()).moved(Departure.by(dy, dx), decay=1.0)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    expected = map_coordinates(blobs(), [y - dy, x - dx], order=1)
    inside = (slice(6, -6), slice(6, -6))
    np.testing.assert_allclose(moved.rate[inside], expected[inside], atol=1e-4)


def test_cells_without_observation_do_not_lower_the_rate_of_their_neighbours():
    state = propagated(np.full(SHAPE, 2.0, np.float32))
    half = np.arange(SHAPE[1]) < 25
    state = PropagatedRain(state.rate * half, state.correlation * half)
    moved = state.moved(uniform(0, 0.4), decay=1.0)
    valid = moved.correlation > 0
    assert valid.sum() == 40 * 25
    np.testing.assert_allclose(moved.rate[valid], 2)


def test_an_observation_replaces_the_propagated_rain():
    new = np.full(SHAPE, np.nan, np.float32)
    new[3, 4] = 5
    state = propagated(blobs()).observed(new, np.full(SHAPE, 0.6, np.float32))
    assert state.rate[3, 4] == 5 and state.correlation[3, 4] == np.float32(0.6)
    assert state.rate[3, 5] == blobs()[3, 5] and state.correlation[3, 5] == np.float32(0.8)


def test_a_step_forward_and_a_step_backward_cancel():
    rate = blobs()
    state = propagated(rate).moved(uniform(2, 3), decay=1.0).moved(uniform(-2, -3), decay=1.0)
    np.testing.assert_allclose(state.rate[5:-5, 5:-5], rate[5:-5, 5:-5], rtol=1e-6)
