"""Window sums: by hand, at the edge, and against SciPy."""

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from rainscore.scores.windowsums import window_pixels, window_sums


def test_windows_are_centred_on_blocks_and_cut_at_the_edge():
    field = np.arange(16).reshape(1, 4, 4)
    sums = window_sums(field, window=4, stride=2)
    # centres between pixels (0, 1) and (2, 3): each window keeps 3 × 3 pixels of the map
    np.testing.assert_array_equal(sums[0], [[45, 54], [81, 90]])
    np.testing.assert_array_equal(window_pixels((4, 4), window=4, stride=2), 9)


def test_a_window_of_one_block_is_the_block_sum():
    field = np.arange(16).reshape(1, 4, 4)
    np.testing.assert_array_equal(window_sums(field, window=2, stride=2)[0], [[10, 18], [42, 50]])


def test_odd_windows_at_every_pixel_agree_with_a_uniform_filter():
    field = np.random.default_rng(0).integers(0, 9, (2, 20, 30))
    expected = np.stack([uniform_filter(f.astype(float), 5, mode="constant") for f in field]) * 25
    np.testing.assert_allclose(window_sums(field, window=5, stride=1), expected, atol=1e-9)


@pytest.mark.parametrize("window, stride", [(6, 2), (12, 4), (4, 8), (3, 5), (60, 2)])
def test_sums_of_whole_numbers_are_exact_on_any_lattice(window, stride):
    field = np.random.default_rng(1).integers(0, 200, (1, 40, 80)).astype(np.uint8)
    sums = window_sums(field, window=window, stride=stride)

    def first(i: int) -> int:
        return i * stride + (stride - window) // 2

    for i, j in [(0, 0), (1, 2), (40 // stride - 1, 80 // stride - 1)]:
        rows = slice(max(first(i), 0), first(i) + window)
        columns = slice(max(first(j), 0), first(j) + window)
        assert sums[0, i, j] == field[0, rows, columns].sum(dtype=int)


def test_real_values_are_summed_in_double_precision():
    field = np.random.default_rng(2).random((1, 12, 12), np.float32)
    sums = window_sums(field, window=12, stride=12)
    np.testing.assert_allclose(sums[0, 0, 0], field.sum(dtype=np.float64), rtol=1e-12)


def test_a_missing_value_is_an_error_because_it_would_spread():
    with pytest.raises(ValueError, match="missing"):
        window_sums(np.array([[[1.0, np.nan]] * 2]), window=2, stride=2)


def test_a_window_that_cannot_be_centred_is_an_error():
    with pytest.raises(ValueError, match="both must be even"):
        window_sums(np.zeros((1, 4, 4)), window=3, stride=2)


def test_blocks_that_do_not_fill_the_map_are_an_error():
    with pytest.raises(ValueError, match="every 3 pixels"):
        window_sums(np.zeros((1, 4, 4)), window=3, stride=3)
