"""Fractions skill score: by hand, under masks, against `scores`."""

import numpy as np
import pytest
import xarray as xr
from scores.spatial import fss_2d

from rainscore.scores.fss import window_fractions
from rainscore.scores.localscore import local_score, score_sums, total_score, window_errors


def fractions(
    imerg: np.ndarray,
    radar: np.ndarray,
    *,
    threshold: float = 0.2,
    window: int = 2,
    min_valid: float = 0.5,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return window_fractions(
        imerg, radar, threshold=threshold, window=window, stride=2, min_valid=min_valid
    )


def fss(imerg: np.ndarray, radar: np.ndarray, window: int = 2) -> np.ndarray:
    parts = window_errors(
        "fss", imerg, radar, threshold=0.2, window=window, stride=2, min_valid=0.5
    )
    return local_score(parts.numerator, parts.denominator)


def test_fractions_and_score_of_two_windows_by_hand():
    imerg = np.array([[[1.0, 0, 0, 0], [1.0, 0, 0, 0]]])
    radar = np.array([[[1.0, 0, 0, 0], [0.0, 0, 0, 0]]])
    f, o, valid = fractions(imerg, radar)
    np.testing.assert_allclose(
        np.concatenate([f, o, valid])[:, 0], np.array([[0.5, 0], [0.25, 0], [1, 1]])
    )
    np.testing.assert_allclose(fss(imerg, radar), [[[0.8, np.nan]]])


def test_a_rate_equal_to_the_threshold_reaches_it():
    rate = np.full((1, 2, 2), 0.7, np.float32)
    f, o, _ = fractions(rate, rate, threshold=0.7)
    assert f.item() == o.item() == 1


def test_rain_that_imerg_misses_scores_zero_and_two_dry_windows_are_missing():
    radar = np.zeros((1, 2, 4))
    radar[0, :, 0] = 1
    np.testing.assert_array_equal(fss(0 * radar, radar), [[[0, np.nan]]])


def test_a_pixel_missing_in_one_product_counts_for_neither():
    imerg = np.array([[[1.0, np.nan], [0.0, 0.0]]])
    radar = np.array([[[1.0, 1.0], [np.nan, 0.0]]])
    f, o, valid = fractions(imerg, radar)
    assert f.item() == o.item() == 0.5 and valid.item() == 0.5


def test_score_is_missing_where_too_few_pixels_are_valid():
    imerg = np.array([[[1.0, np.nan], [np.nan, np.nan]]])
    f, o, valid = fractions(imerg, imerg)
    assert np.isnan(f.item()) and np.isnan(o.item()) and valid.item() == 0.25


def test_a_window_valid_exactly_to_the_limit_counts():
    rate = np.ones((1, 10, 10))
    rate[0, :4] = np.nan
    f, _, _ = window_fractions(
        rate, rate, threshold=0.2, window=10, stride=10, min_valid=0.1 + 0.2 + 0.3
    )
    assert f.item() == 1


def test_a_window_cut_by_the_edge_uses_its_part_inside_the_map():
    rate = np.ones((1, 4, 4))
    f, _, valid = fractions(rate, rate, window=6, min_valid=1.0)
    assert np.all(f == 1) and np.all(valid == 1)


def test_half_a_map_without_radar_leaves_a_perfect_estimate_perfect():
    rng = np.random.default_rng(0)
    imerg = rng.gamma(0.2, 3.0, (3, 40, 40))
    radar = imerg.copy()
    radar[:, :, :20] = np.nan
    score = fss(imerg, radar, window=8)
    assert np.all(score[np.isfinite(score)] == 1)
    assert np.isnan(score[:, :, :9]).all() and np.isfinite(score[:, :, 11:]).all()


def test_agrees_with_the_package_scores_where_no_window_is_cut():
    rng = np.random.default_rng(2)
    imerg, radar = rng.gamma(0.3, 2.0, (2, 4, 30, 30))
    errors = window_errors("fss", imerg, radar, threshold=0.5, window=5, stride=1, min_valid=0.5)
    inner = np.s_[:, 2:-2, 2:-2]
    ours = total_score(score_sums(errors.numerator[inner], errors.denominator[inner]))
    dims = ("time", "y", "x")
    theirs = fss_2d(
        xr.DataArray(imerg, dims=dims),
        xr.DataArray(radar, dims=dims),
        event_threshold=0.5,
        window_size=(5, 5),
        spatial_dims=("y", "x"),
        preserve_dims=["time"],
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fractions_are_float32_for_any_type_of_input(dtype):
    rate = np.ones((1, 4, 4), dtype)
    assert {a.dtype for a in fractions(rate, rate)} == {np.dtype(np.float32)}
