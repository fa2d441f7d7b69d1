import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from rainscore.grids import Grid
from rainscore.simulation.errorsources import ERRORS
from rainscore.simulation.rainsequence import simulate_estimate

CELLS = Grid("EPSG:4326", 0.0, 45.0, 0.1, 0.1, 60, 50)
TIME = np.datetime64("2019-07-03T10:10") + np.arange(18) * np.timedelta64(10, "m")
WET = 0.2


def showers() -> np.ndarray:
    rng = np.random.default_rng(3)
    field = gaussian_filter(rng.standard_normal(CELLS.shape), 2.0, mode="wrap")
    rain = np.maximum(40 * field - 3, 0)
    return np.stack([np.roll(rain, i // 3, axis=1) for i in range(TIME.size)]).astype(np.float32)


RAIN = showers()
# Half-hours 10:00 (two frames), 10:30 … 12:30, 13:00 (one frame).
MEAN = np.stack([part.mean(axis=0) for part in np.split(RAIN, [2, 5, 8, 11, 14, 17])])


def estimate(errors: str, rain: np.ndarray = RAIN, **options) -> np.ndarray:
    return simulate_estimate(rain, TIME, CELLS, **{"errors": errors, "seed": 4, **options})[1]


def test_half_hours_run_from_the_first_frame_to_the_last():
    time, rate = simulate_estimate(RAIN, TIME, CELLS, errors="perfect", seed=4)
    assert time[0] == np.datetime64("2019-07-03T10:00")
    assert time[-1] == np.datetime64("2019-07-03T13:00")
    assert rate.shape == (7, *CELLS.shape) and rate.dtype == np.float32


def test_a_perfect_imerg_is_the_mean_rain():
    np.testing.assert_allclose(estimate("perfect"), MEAN, rtol=1e-5)


def test_displacement_moves_the_rain_and_keeps_its_amount_and_wet_area():
    moved = np.stack([estimate("displacement", seed=seed) for seed in range(8)])
    for maps in moved:
        assert np.corrcoef(maps.ravel(), MEAN.ravel())[0, 1] < 0.8
    assert moved.mean() == pytest.approx(MEAN.mean(), rel=0.1)
    assert (moved >= WET).mean() == pytest.approx((MEAN >= WET).mean(), rel=0.1)


def test_missed_removes_weak_rain_and_keeps_the_rest():
    rate = estimate("missed")
    missed = (rate == 0) & (MEAN > 0)
    np.testing.assert_allclose(rate[~missed], MEAN[~missed], rtol=1e-5)
    assert 0.03 < missed.sum() / (MEAN > 0).sum() < 0.9
    assert MEAN[missed].mean() < 0.5 * MEAN[~missed & (MEAN > 0)].mean()


def test_bias_raises_light_and_lowers_heavy_rain_where_it_rains():
    rate = estimate("bias")
    np.testing.assert_array_equal(rate > 0, MEAN > 0)
    order = np.argsort(MEAN[MEAN > 0])
    assert (np.diff(rate[MEAN > 0][order]) > -1e-3).all()
    light, heavy = (MEAN > 0) & (MEAN < 0.5), MEAN > 5
    assert (rate / np.where(MEAN > 0, MEAN, 1))[light].mean() > 1
    assert (rate / np.where(MEAN > 0, MEAN, 1))[heavy].mean() < 0.95


def test_smoothing_spreads_the_rain_and_keeps_its_amount():
    rate = estimate("smoothing")
    assert rate.mean() == pytest.approx(MEAN.mean(), rel=0.05)
    assert (rate >= WET).mean() > 1.1 * (MEAN >= WET).mean()
    assert rate.std() < 0.9 * MEAN.std()


def test_with_one_source_of_error_a_half_hour_depends_on_its_own_rain_only():
    for name in set(ERRORS) - {"all"}:
        part = simulate_estimate(RAIN[5:8], TIME[5:8], CELLS, errors=name, seed=4)[1]
        np.testing.assert_array_equal(part[0], estimate(name)[2])


def test_missing_rain_stays_missing():
    with_gap = RAIN.copy()
    with_gap[:, :, :20] = np.nan
    for name in ERRORS:
        assert np.isnan(estimate(name, with_gap)[:, :, :20]).all()
        assert np.isfinite(estimate(name, with_gap)[:, :, 20:]).all()


def test_unknown_errors_and_wrong_shapes_are_errors():
    with pytest.raises(ValueError, match="choose one of all, perfect, displacement"):
        estimate("none")
    with pytest.raises(ValueError, match="rain has shape"):
        estimate("all", RAIN[:5])
