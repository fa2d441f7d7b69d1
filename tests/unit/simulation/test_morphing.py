import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates, shift

from rainscore.simulation.morphing import Carried, Departure, estimate_motion, mean_motion

SHAPE = (40, 50)


def blobs(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(SHAPE)
    return np.maximum(gaussian_filter(noise, 2) * 10 - 0.8, 0).astype(np.float32)


def uniform(dy: float, dx: float) -> Departure:
    return Departure.by(np.full(SHAPE, dy, np.float32), np.full(SHAPE, dx, np.float32))


def carried(rate: np.ndarray) -> Carried:
    return Carried(rate, np.full(SHAPE, 0.8, np.float32))


@pytest.mark.parametrize("move", [(0.0, 0.0), (3.0, -2.0), (1.5, 4.25)])
def test_a_known_displacement_is_found(move):
    before = blobs()
    dy, dx, weight = estimate_motion(before, shift(before, move, order=1))
    assert (dy, dx) == pytest.approx(move, abs=0.3)
    assert weight > 0


def test_nothing_is_followed_where_it_is_dry_or_missing():
    dry, missing = np.zeros(SHAPE), np.full(SHAPE, np.nan)
    assert estimate_motion(dry, blobs())[2] == 0
    assert estimate_motion(missing, missing) == (0, 0, 0)


def test_the_mean_motion_is_weighted_and_falls_back_on_the_usual_one():
    assert mean_motion([], (1.0, 2.0)) == (1, 2)
    dy, dx = mean_motion([(2.0, 4.0, 3.0), (0.0, 0.0, 1.0)], (0.0, 0.0))
    assert (dy, dx) == pytest.approx((1.5, 3.0), rel=1e-3)


def test_a_step_of_whole_cells_moves_the_rain_and_lowers_the_correlation():
    rate = blobs()
    moved = carried(rate).moved(uniform(2, -3), keep=0.9)
    np.testing.assert_allclose(moved.rate[2:, :-3], rate[:-2, 3:], rtol=1e-6)
    np.testing.assert_allclose(moved.correlation[2:, :-3], 0.72, rtol=1e-6)
    assert (moved.correlation[:2] == 0).all() and (moved.correlation[:, -3:] == 0).all()


def test_a_step_agrees_with_scipy_for_any_displacement():
    rng = np.random.default_rng(1)
    dy, dx = (gaussian_filter(rng.standard_normal(SHAPE), 4) * 6 for _ in range(2))
    moved = carried(blobs()).moved(Departure.by(dy, dx), keep=1.0)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    expected = map_coordinates(blobs(), [y - dy, x - dx], order=1)
    inside = (slice(6, -6), slice(6, -6))
    np.testing.assert_allclose(moved.rate[inside], expected[inside], atol=1e-4)


def test_what_is_not_known_does_not_dilute_what_is():
    state = carried(np.full(SHAPE, 2.0, np.float32))
    half = np.arange(SHAPE[1]) < 25
    state = Carried(state.rate * half, state.correlation * half)
    moved = state.moved(uniform(0, 0.4), keep=1.0)
    known = moved.correlation > 0
    assert known.sum() == 40 * 25
    np.testing.assert_allclose(moved.rate[known], 2)


def test_an_observation_replaces_what_was_carried():
    new = np.full(SHAPE, np.nan, np.float32)
    new[3, 4] = 5
    state = carried(blobs()).observed(new, np.full(SHAPE, 0.6, np.float32))
    assert state.rate[3, 4] == 5 and state.correlation[3, 4] == np.float32(0.6)
    assert state.rate[3, 5] == blobs()[3, 5] and state.correlation[3, 5] == np.float32(0.8)


def test_forward_then_backward_comes_home():
    rate = blobs()
    state = carried(rate).moved(uniform(2, 3), keep=1.0).moved(uniform(-2, -3), keep=1.0)
    np.testing.assert_allclose(state.rate[5:-5, 5:-5], rate[5:-5, 5:-5], rtol=1e-6)
