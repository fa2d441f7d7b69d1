"""FSS at many thresholds and window sizes: by hand, and against the FSS of one window size."""

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from rainscore.scores.fssbyscale import (
    ScaleSums,
    asymptotic_fss,
    base_rate,
    reference_fss,
    scale_fss,
    scale_sums,
    useful_scale,
)
from rainscore.scores.windowsums import window_pixels, window_sums

WINDOWS = [1, 3, 9, 33, 99]


def line(wet: int, n: int = 99) -> np.ndarray:
    """One map with a wet column of 1 mm/h."""
    rate = np.zeros((1, n, n), np.float32)
    rate[:, :, wet] = 1
    return rate


def total(sums: ScaleSums) -> ScaleSums:
    return ScaleSums(*(part.sum(axis=0) for part in sums))


def test_a_displaced_line_scores_as_roberts_and_lean_derive():
    # a line moved by d pixels in windows of n ≥ d: (n − d) / n, away from the edges
    sums = scale_sums(line(49), line(53), thresholds=[0.5], windows=[1, 3, 9, 33], min_valid=0.5)
    np.testing.assert_allclose(scale_fss(sums)[0, 0], [0, 0, 5 / 9, 29 / 33], rtol=1e-6)


def test_the_useful_scale_of_a_displaced_line_is_about_twice_its_displacement():
    sums = scale_sums(line(49), line(53), thresholds=[0.5], windows=WINDOWS, min_valid=0.5)
    assert useful_scale(sums, WINDOWS).item() == 9
    np.testing.assert_allclose(base_rate(sums), 1 / 99)
    np.testing.assert_allclose(reference_fss(sums), 0.5 + 0.5 / 99)


def test_no_scale_is_useful_without_overlap_or_without_rain():
    dry = np.zeros_like(line(0))
    for imerg in (line(20), dry):
        sums = scale_sums(imerg, 0 * imerg, thresholds=[0.5], windows=[3], min_valid=0.5)
        assert np.isnan(useful_scale(sums, [3])).all()
    assert np.isnan(scale_fss(sums)).all()


def test_the_widest_window_tends_to_the_asymptotic_score():
    imerg, radar = line(49), line(49) + line(53)
    sums = scale_sums(imerg, radar, thresholds=[0.5], windows=[197], min_valid=0.5)
    np.testing.assert_allclose(asymptotic_fss(sums), 2 * 1 * 2 / (1 + 4))
    np.testing.assert_allclose(scale_fss(sums), asymptotic_fss(sums), rtol=1e-6)


def test_agrees_with_the_function_of_one_threshold_and_window_under_masks():
    rng = np.random.default_rng(0)
    imerg, radar = rng.gamma(0.3, 2.0, (2, 4, 40, 50)).astype(np.float32)
    imerg[1, :15], radar[2, :, ::3], radar[3] = np.nan, np.nan, np.nan
    thresholds, windows = [0.2, 1.0], [1, 5, 21]
    many = scale_sums(imerg, radar, thresholds=thresholds, windows=windows, min_valid=0.6)
    for k, threshold in enumerate(thresholds):
        for s, window in enumerate(windows):
            size = {"window": window, "stride": 1}
            valid = np.isfinite(imerg) & np.isfinite(radar)
            count = window_sums(valid, **size)
            enough = count >= 0.6 * window_pixels(imerg.shape[1:], **size) - 1e-6
            a, b = (
                np.where(enough, window_sums(valid & (x >= threshold), **size), 0)
                for x in (imerg, radar)
            )
            expected = ((a - b) ** 2, a**2, b**2, enough, (a > 0) | (b > 0))
            for sums, maps in zip(many, expected, strict=False):
                np.testing.assert_array_equal(sums[:, k, s], maps.sum(axis=(1, 2)))


@pytest.mark.parametrize("window", [129, 257, 401])
def test_the_score_of_one_displaced_pixel_is_exact_in_windows_of_any_size(window) -> None:
    imerg, radar = np.zeros((2, 1, 450, 450), np.float32)
    imerg[0, 220, 220] = radar[0, 223, 224] = 1
    sums = scale_sums(imerg, radar, thresholds=[0.5], windows=[window], min_valid=0)
    # Both pixels are in (n − 3) (n − 4) of the n² windows that contain the first one.
    expected = (window - 3) * (window - 4) / window**2
    assert scale_fss(sums).item() == pytest.approx(expected, abs=1e-15)
    rounded = {129: 0.94646, 257: 0.97294, 401: 0.98262}
    assert expected == pytest.approx(rounded[window], abs=5e-6)


def test_agrees_with_the_filter_of_scipy_up_to_the_edge_of_the_map() -> None:
    imerg, radar = np.random.default_rng(4).gamma(0.3, 2.0, (2, 1, 60, 50)).astype(np.float32)
    windows = [1, 5, 21, 61]
    sums = scale_sums(imerg, radar, thresholds=[1.0], windows=windows, min_valid=0)
    for score, window in zip(scale_fss(sums)[0, 0], windows, strict=True):
        f, o = (uniform_filter((x[0] >= 1) * 1.0, window, mode="constant") for x in (imerg, radar))
        expected = 1 - ((f - o) ** 2).mean() / ((f**2).mean() + (o**2).mean())
        assert score == pytest.approx(expected, abs=1e-12)


def test_the_largest_sums_are_exact() -> None:
    ones = np.ones((1, 300, 300), np.float32)
    half = ones.copy()
    half[:, :, 150:] = 0
    sums = scale_sums(ones, half, thresholds=[0.5], windows=[601], min_valid=0)
    assert sums.imerg2.item() == 300**2 * 300**4
    assert sums.difference2.item() == sums.radar2.item() == 300**2 * 150**2 * 300**2


def test_half_a_map_without_radar_leaves_a_perfect_estimate_perfect():
    imerg = np.random.default_rng(1).gamma(0.3, 2.0, (1, 40, 40)).astype(np.float32)
    radar = imerg.copy()
    radar[:, :, 20:] = np.nan
    sums = scale_sums(imerg, radar, thresholds=[0.5], windows=WINDOWS, min_valid=0.3)
    np.testing.assert_array_equal(scale_fss(sums), 1)


def test_wet_pixels_are_counted_where_both_products_are_valid():
    imerg, radar = line(3), line(4)
    radar[:, 50:] = np.nan
    sums = scale_sums(imerg, radar, thresholds=[0.5], windows=[1], min_valid=0.5)
    assert [int(part.item()) for part in sums[5:]] == [50, 50, 50 * 99]


def test_sums_of_months_give_the_score_of_the_year():
    rng = np.random.default_rng(2)
    imerg, radar = rng.gamma(0.3, 2.0, (2, 6, 20, 20))

    def total_of(maps: list[int]) -> ScaleSums:
        return total(
            scale_sums(imerg[maps], radar[maps], thresholds=[0.5], windows=[5], min_valid=0.5)
        )

    year, months = total_of([0, 1, 2, 3, 4, 5]), [total_of(m) for m in ([4, 0], [1, 2, 3], [5])]
    total_of_months = [np.sum(parts, axis=0) for parts in zip(*months, strict=True)]
    assert all(a.tobytes() == b.tobytes() for a, b in zip(year, total_of_months, strict=True))


def test_even_and_enormous_windows_are_refused():
    with pytest.raises(ValueError, match="both odd"):
        scale_sums(line(0), line(0), thresholds=[1], windows=[4], min_valid=0.5)
    with pytest.raises(ValueError, match="1448"):
        scale_sums(line(0), line(0), thresholds=[1], windows=[1501], min_valid=0.5)
    with pytest.raises(ValueError, match="688"):
        scale_sums(*np.zeros((2, 1, 800, 800)), thresholds=[1], windows=[689], min_valid=0.5)
