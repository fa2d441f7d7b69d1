"""Joint histograms: by hand, and against NumPy."""

import numpy as np

from rainscore.scores.jointhistogram import joint_histogram


def test_counts_by_hand_leave_out_missing_pixels():
    imerg = np.array([[[0.0, 0.5, 1.0], [3.0, np.nan, 1.0]]])
    radar = np.array([[[0.0, 1.0, 0.9], [np.nan, 1.0, 1.0]]])
    counts = joint_histogram(imerg, radar, edges=np.array([0.0, 0.5, 1.0]))
    np.testing.assert_array_equal(counts[0], [[1, 0, 0], [0, 0, 1], [0, 1, 1]])


def test_counts_agree_with_numpy():
    imerg, radar = np.random.default_rng(0).gamma(0.3, 3.0, (2, 3, 60, 60)).astype(np.float32)
    edges = np.array([0.0, 0.25, 1.0, 4.0])
    bounds = [*edges, np.inf]
    counts = joint_histogram(imerg, radar, edges)
    for t in range(3):
        expected, _, _ = np.histogram2d(imerg[t].ravel(), radar[t].ravel(), bins=[bounds, bounds])
        np.testing.assert_array_equal(counts[t], expected)
