"""Soft assignments and targets, by hand."""

import numpy as np
import pytest
import torch
from scipy.stats import entropy

from rainscore.clustering.algorithms.assignments import (
    balanced,
    divergence,
    sharpened,
    squared_distances,
    student_t,
)

Q = torch.tensor([[0.8, 0.2], [0.6, 0.4], [0.1, 0.9]])


def test_student_t_of_two_centres_is_that_of_one_over_one_plus_squared_distance():
    z, centres = torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0, 1.0], [0.0, 3.0]])
    # 1/2 and 1/10 of their sum
    np.testing.assert_allclose(student_t(z, centres), [[5 / 6, 1 / 6]], rtol=1e-6)


def test_squared_distances_are_those_of_numpy():
    rng = np.random.default_rng(0)
    z, c = rng.normal(size=(7, 3)), rng.normal(size=(4, 3))
    result = squared_distances(torch.from_numpy(z), torch.from_numpy(c))
    np.testing.assert_allclose(result, ((z[:, None] - c) ** 2).sum(axis=2))


def test_the_sharpened_target_divides_squares_by_the_sizes_of_the_clusters():
    # Both clusters have the size 1.5, so the rows are q² to one.
    expected = [[0.64 / 0.68, 0.04 / 0.68], [0.36 / 0.52, 0.16 / 0.52], [0.01 / 0.82, 0.81 / 0.82]]
    np.testing.assert_allclose(sharpened(Q), expected, rtol=1e-6)


def test_the_sharpened_target_favours_the_smaller_cluster():
    p = sharpened(torch.tensor([[0.5, 0.5], [0.9, 0.1]]))
    np.testing.assert_allclose(p[0], [0.6 / 2.0, 1.4 / 2.0], rtol=1e-6)


def test_the_balanced_target_divides_by_the_root_of_the_sizes():
    p = balanced(torch.tensor([[0.5, 0.5], [0.5, 0.5], [0.8, 0.2], [0.76, 0.24]]))
    sizes = np.sqrt([2.56, 1.44])
    raw = np.array([0.5, 0.5]) / sizes
    np.testing.assert_allclose(p[0], raw / raw.sum(), rtol=1e-6)


def test_a_target_of_all_members_is_not_that_of_each_batch():
    assert not torch.allclose(sharpened(Q)[:2], sharpened(Q[:2]))


def test_divergence_sums_over_clusters_and_averages_over_the_batch_alone():
    p = torch.tensor([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
    expected = np.mean([entropy(a, b) for a, b in zip(p.numpy(), Q.numpy(), strict=True)])
    assert divergence(p, Q).item() == pytest.approx(expected, rel=1e-5)


def test_divergence_of_a_vanished_probability_is_finite():
    assert torch.isfinite(divergence(torch.tensor([[0.5, 0.5]]), torch.tensor([[1.0, 0.0]])))
