"""The local scores: by hand, under masks, against independent formulas."""

from typing import Any

import numpy as np
import pytest

from rainscore.scores.categorical import csi, window_contingency
from rainscore.scores.localscore import (
    LOCAL_SCORES,
    WindowErrors,
    local_score,
    score_sums,
    total_score,
    window_errors,
)

IMERG = np.array([[[1.0, 0, 0, 0], [3.0, 0, 0.1, 0]]])
RADAR = np.array([[[2.0, 0, 0, 0], [0.0, 0, 0, 0.1]]])


def errors(
    name: str, imerg: np.ndarray, radar: np.ndarray, *, window: int = 2, stride: int = 2
) -> WindowErrors:
    return window_errors(
        name, imerg, radar, threshold=0.2, window=window, stride=stride, min_valid=0.5
    )


@pytest.mark.parametrize(
    ("name", "numerator", "denominator"),
    [
        ("amount", (1 + 3) / 4, (3 + 3) / 4),
        ("csi", 1 / 4, 2 / 4),
        ("fss", 0.25**2, 0.5**2 + 0.25**2),
    ],
)
def test_one_wet_and_one_dry_window_by_hand(name, numerator, denominator):
    parts = errors(name, IMERG, RADAR)
    np.testing.assert_allclose(parts.numerator, [[[numerator, 0]]])
    np.testing.assert_allclose(parts.denominator, [[[denominator, 0]]])
    score = local_score(parts.numerator, parts.denominator)
    np.testing.assert_allclose(score, [[[1 - numerator / denominator, np.nan]]], rtol=1e-6)
    sums = score_sums(parts.numerator, parts.denominator)
    assert (sums.windows.item(), sums.defined.item()) == (2, 1)
    np.testing.assert_allclose(total_score(sums), 1 - numerator / denominator, rtol=1e-5)


@pytest.mark.parametrize("name", LOCAL_SCORES)
def test_perfect_is_one_and_missed_or_false_rain_is_zero_with_drizzle_below_the_threshold(name):
    rng = np.random.default_rng(0)
    rain = np.where(rng.random((3, 12, 12)) < 0.3, rng.gamma(1, 2, (3, 12, 12)), 0)
    drizzle = np.full_like(rain, 0.1)
    for imerg, radar, expected in ((rain, rain, 1), (drizzle, rain, 0), (rain, drizzle, 0)):
        parts = errors(name, imerg, radar, window=6)
        score = local_score(parts.numerator, parts.denominator)
        assert set(np.unique(score[np.isfinite(score)])) == {expected}


@pytest.mark.parametrize("name", LOCAL_SCORES)
def test_a_pixel_missing_in_one_product_counts_for_neither(name):
    imerg = np.array([[[1.0, np.nan], [2.0, 0.0]]])
    radar = np.array([[[2.0, 9.0], [2.0, np.nan]]])
    parts = errors(name, imerg, radar)
    alone = errors(name, np.array([[[1.0, 2.0]] * 2]), np.array([[[2.0, 2.0]] * 2]))
    np.testing.assert_allclose(
        parts.numerator / parts.denominator, alone.numerator / alone.denominator
    )


@pytest.mark.parametrize("name", LOCAL_SCORES)
def test_a_window_with_too_few_valid_pixels_is_missing_and_not_dry(name):
    few = np.array([[[1.0, np.nan], [np.nan, np.nan]]])
    parts = errors(name, few, few)
    assert np.isnan(parts.numerator.item()) and np.isnan(parts.denominator.item())
    assert score_sums(parts.numerator, parts.denominator).windows.item() == 0


@pytest.mark.parametrize("name", LOCAL_SCORES)
def test_every_score_is_between_zero_and_one_and_defined_where_either_product_is_wet(name):
    rng = np.random.default_rng(1)
    shape = (4, 40, 40)
    imerg, radar = np.where(rng.random((2, *shape)) < 0.02, rng.gamma(0.5, 9, (2, *shape)), 0)
    radar[1, :, :20] = np.nan
    parts = errors(name, imerg, radar, window=8)
    score = local_score(parts.numerator, parts.denominator)
    wet = (parts.imerg_fraction > 0) | (parts.radar_fraction > 0)
    np.testing.assert_array_equal(np.isfinite(score), wet)
    assert 0 <= np.nanmin(score) < np.nanmax(score) <= 1


def test_csi_and_fss_agree_with_contingency_counts_and_wet_fractions():
    rng = np.random.default_rng(2)
    imerg, radar = rng.gamma(0.2, 2.0, (2, 3, 24, 24))
    layout: dict[str, Any] = {"threshold": 0.2, "window": 8, "stride": 2, "min_valid": 0.5}
    counts = window_contingency(imerg, radar, **layout)
    by_name = {name: window_errors(name, imerg, radar, **layout) for name in LOCAL_SCORES}
    ours = local_score(by_name["csi"].numerator, by_name["csi"].denominator)
    np.testing.assert_allclose(ours, csi(counts), rtol=1e-6)
    fss = by_name["fss"]
    f, o = (x.astype(float) for x in (fss.imerg_fraction, fss.radar_fraction))
    wet = f + o > 0
    by_hand = 1 - (f - o)[wet] ** 2 / (f**2 + o**2)[wet]
    np.testing.assert_allclose(local_score(fss.numerator, fss.denominator)[wet], by_hand, rtol=1e-6)


def test_sums_of_two_months_in_any_order_are_those_of_the_whole():
    rng = np.random.default_rng(3)
    numerator, denominator = rng.random((2, 6, 5, 5))
    sums = score_sums(numerator, denominator)
    whole = [s.sum() for s in sums]
    parts = [s[3:].sum() + s[:3][::-1].sum() for s in sums]
    assert whole == parts


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="amount, csi, fss"):
        errors("bias", IMERG, RADAR)
