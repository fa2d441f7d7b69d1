"""Continuous scores: by hand, exact aggregation, and against NumPy and `scores`."""

import numpy as np
import pytest
import scores.continuous as library
import xarray as xr

from rainscore.scores import continuous
from rainscore.scores.continuous import Moments, moment_sums
from rainscore.scores.sums import additive


def fields(seed: int, shape: tuple[int, ...] = (6, 30, 30)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    radar = rng.gamma(0.3, 3.0, shape).astype(np.float32)
    imerg = (0.6 * radar + rng.gamma(0.3, 1.0, shape)).astype(np.float32)
    return imerg, radar


def test_four_pixels_by_hand():
    imerg = np.array([[[1.0, 2.0], [3.0, np.nan]]])
    radar = np.array([[[2.0, 2.0], [5.0, 4.0]]])
    sums = moment_sums(imerg, radar)
    assert [float(s[0]) for s in sums] == [3, 6, 9, 14, 33, 21, 3]
    assert continuous.mean_error(sums).item() == -1
    np.testing.assert_allclose(continuous.relative_bias(sums), -1 / 3)
    assert continuous.mae(sums).item() == 1
    np.testing.assert_allclose(continuous.rmse(sums), np.sqrt(5 / 3))
    np.testing.assert_allclose(continuous.nrmse(sums), np.sqrt(5 / 3) / 3)
    np.testing.assert_allclose(continuous.cc(sums), 9 / np.sqrt(6 * 18))
    r, alpha, beta = 9 / np.sqrt(108), 1 / np.sqrt(3), 2 / 3
    expected = 1 - np.sqrt((r - 1) ** 2 + (alpha - 1) ** 2 + (beta - 1) ** 2)
    np.testing.assert_allclose(continuous.kge(sums), expected)


def test_correlation_is_missing_where_a_product_is_dry_or_constant():
    imerg, radar = fields(0)
    imerg[0], radar[1], imerg[2] = 0, 0.1, 0.3
    correlation = continuous.cc(moment_sums(imerg, radar))
    np.testing.assert_array_equal(np.isnan(correlation), [True, True, True, False, False, False])


def test_a_map_without_valid_pixels_gives_missing_scores():
    nothing = np.full((1, 4, 4), np.nan)
    sums = moment_sums(nothing, nothing)
    for name in ("mean_error", "relative_bias", "mae", "rmse", "nrmse", "cc", "kge"):
        assert np.isnan(getattr(continuous, name)(sums)).all(), name


def test_relative_bias_is_missing_where_the_radar_is_dry():
    imerg, radar = fields(1)
    assert np.isnan(continuous.relative_bias(moment_sums(imerg, 0 * radar))).all()


@pytest.mark.parametrize("seed", range(3))
def test_totals_have_the_same_bytes_in_any_order_and_grouping(seed):
    sums = np.array(moment_sums(*fields(seed, (500, 20, 20)))[1:])
    order = np.random.default_rng(seed).permutation(500)
    shuffled = sums[:, order]
    grouped = sum(part.sum(axis=1) for part in np.split(shuffled, [3, 50, 71, 400], axis=1))
    assert sums.sum(axis=1).tobytes() == np.cumsum(shuffled, axis=1)[:, -1].tobytes()
    assert sums.sum(axis=1).tobytes() == grouped.tobytes()


def test_rounding_of_sums_is_smaller_than_a_millionth():
    values = np.random.default_rng(3).random(100) * 1e4
    assert np.abs(additive(values) - values).max() < 1e-6


def test_moments_agree_with_numpy_over_valid_pixels():
    imerg, radar = fields(4)
    imerg[:, ::3], radar[:, :, ::4] = np.nan, np.nan
    both = np.isfinite(imerg) & np.isfinite(radar)
    a, b = (np.where(both, f, 0).astype(np.float64) for f in (imerg, radar))
    expected = [both, a, b, a * a, b * b, a * b, np.abs(a - b)]
    for ours, field in zip(moment_sums(imerg, radar), expected, strict=True):
        np.testing.assert_allclose(ours, field.sum(axis=(1, 2)), atol=1e-6)


def test_scores_of_totals_agree_with_the_package_scores():
    imerg, radar = fields(5)
    total = Moments(*(np.array(s.sum()) for s in moment_sums(imerg, radar)))
    dims = ("time", "y", "x")
    pair = (
        xr.DataArray(imerg, dims=dims).astype(float),
        xr.DataArray(radar, dims=dims).astype(float),
    )
    for ours, theirs in [("mae", library.mae), ("rmse", library.rmse), ("kge", library.kge)]:
        np.testing.assert_allclose(getattr(continuous, ours)(total), theirs(*pair), rtol=1e-6)
    np.testing.assert_allclose(continuous.cc(total), library.correlation.pearsonr(*pair), rtol=1e-6)
    np.testing.assert_allclose(continuous.mean_error(total), library.mean_error(*pair), rtol=1e-5)
