import numpy as np
import pytest

from benchmarks.gauge_sampling import accumulate, row, sampling_sums


def test_points_and_their_cell_by_hand() -> None:
    # Cell 0 has the mean 2; cell 1 is below the wet threshold; cell 2 lacks a pixel.
    rain = np.array([1, 3, 0.1, 0.05, 4, np.nan])
    measures = row("case", 60, sampling_sums(rain, np.array([0, 0, 1, 1, 2, 2]), 3))
    assert measures["wet_cells"] == 1
    assert measures["affinity"] == pytest.approx((2**0.5 + 6**0.5) / 4)
    assert measures["mean_agreement"] == pytest.approx((2 * 2**0.5 / 3 + 2 * 6**0.5 / 5) / 2)
    assert measures["wet_points"] == 1
    assert measures["variation"] == pytest.approx(0.5)


def test_a_uniform_cell_agrees_completely_with_its_points() -> None:
    measures = row("case", 60, sampling_sums(np.full(4, 2.0), np.zeros(4, int), 1))
    assert (measures["affinity"], measures["mean_agreement"]) == pytest.approx((1, 1))
    assert measures["variation"] == 0


def test_frames_are_averaged_over_whole_periods_only() -> None:
    rates = np.arange(5, dtype=float).reshape(5, 1, 1)
    rates[2] = np.nan
    means = list(accumulate(rates, 2))
    np.testing.assert_array_equal(np.concatenate(means), [0.5, np.nan])
