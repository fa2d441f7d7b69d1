"""Agglomerative clustering by path integrals, against the formula with inverted matrices."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_moons

from rainscore.clustering.algorithms.pathintegral import neighbour_walk, path_integral_clusters
from rainscore.clustering.metrics import accuracy


def incremental(walk, a, b, weight=0.01):
    """S(a | a ∪ b) − S(a) of the paper, S(C) = 1ᵀ (I − weight P)⁻¹ 1 / |C|²."""

    def integral(rows, count):
        inverse = np.linalg.inv(np.eye(len(rows)) - weight * walk[np.ix_(rows, rows)])
        return inverse[:count, :count].sum() / count**2

    return integral(np.r_[a, b], len(a)) - integral(a, len(a))


def slow_clusters(z, k, neighbours):
    walk, labels = neighbour_walk(z, neighbours)
    walk = walk.toarray()
    parts = [np.flatnonzero(labels == c) for c in np.unique(labels)]
    while len(parts) > k:
        pairs = [(i, j) for j in range(len(parts)) for i in range(j)]
        gains = [
            incremental(walk, parts[i], parts[j]) + incremental(walk, parts[j], parts[i])
            for i, j in pairs
        ]
        i, j = pairs[int(np.argmax(gains))]
        parts[i] = np.r_[parts[i], parts.pop(j)]
    labels = np.empty(len(z), dtype=int)
    for c, rows in enumerate(parts):
        labels[rows] = c
    return labels


@pytest.mark.parametrize("seed", range(3))
def test_the_clusters_are_those_of_the_papers_formula(seed):
    z = np.random.default_rng(seed).normal(size=(60, 3))
    result = path_integral_clusters(z, 5, neighbours=6)
    assert accuracy(slow_clusters(z, 5, 6), result) > 0.95


def test_the_walk_goes_to_the_neighbours_and_its_rows_sum_to_one():
    z = np.array([[0.0], [1.0], [3.0], [3.5]])
    walk, chains = neighbour_walk(z, 1)
    # Squared distances to the nearest: 1, 1, 0.25, 0.25, mean 0.625.
    step = np.exp(-1 / 0.625)
    np.testing.assert_allclose(walk.toarray()[0], [1 / (1 + step), step / (1 + step), 0, 0])
    np.testing.assert_allclose(walk.sum(axis=1), 1)
    assert chains[0] == chains[1] != chains[2] == chains[3]


def test_two_moons_are_told_apart_where_k_means_cannot():
    z, moons = make_moons(400, noise=0.05, random_state=0)
    assert accuracy(moons, path_integral_clusters(z, 2)) > 0.99


def test_digits_are_found_from_their_pixels():
    images, classes = load_digits(return_X_y=True)
    assert accuracy(classes, path_integral_clusters(images, 10)) > 0.85


def test_too_few_vectors_are_refused():
    with pytest.raises(ValueError, match="too few for 20 neighbours"):
        path_integral_clusters(np.zeros((10, 2)), 2)
