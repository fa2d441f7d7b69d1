import numpy as np

from rainscore.imerg.passes import MAX_AGE_H, pass_ages
from rainscore.times import steps


def ages(sources: list[float]) -> np.ndarray:
    """Ages of one cell, dims (2, time)."""
    times = steps("2019-06-02", "2019-06-03")[: len(sources)]
    present = np.ones(len(sources), bool)
    return pass_ages(np.array(sources, np.float32)[:, None, None], present, times)[:, :, 0, 0]


def test_ages_are_unknown_where_the_source_was_never_stored() -> None:
    """A subset with rain only does not say that there was no pass."""
    assert np.isnan(ages([np.nan] * 20)).all()
    assert ages([0.0] * 20)[0, -1] == MAX_AGE_H


def test_ages_are_not_counted_across_an_unknown_source() -> None:
    nan = np.nan
    np.testing.assert_array_equal(
        ages([9, 0, nan, 0, 0, 7, 0]),
        [[0, 0.5, nan, nan, nan, 0, 0.5], [0, nan, nan, 1, 0.5, 0, nan]],
    )


def test_an_unknown_source_of_one_cell_does_not_change_the_others() -> None:
    source = np.zeros((20, 1, 2), np.float32)
    source[0], source[3, 0, 0] = 9, np.nan
    times = steps("2019-06-02", "2019-06-03")[:20]
    last = pass_ages(source, np.ones(20, bool), times)[0, :, 0]
    np.testing.assert_array_equal(last[:, 1], np.minimum(np.arange(20) / 2, MAX_AGE_H))
    assert np.isnan(last[3:15, 0]).all() and (last[15:, 0] == MAX_AGE_H).all()
