"""Agreement of clusters with classes, against hand counts and against trying all matchings."""

from itertools import permutations
from math import log

import numpy as np
import pytest

from rainscore.clustering.metrics import accuracy, agreement, contingency, purity

TRUTH = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
LABELS = np.array([5, 5, 5, 9, 9, 9, 9, 7, 7, 5])


def test_contingency_counts_each_class_in_each_cluster():
    assert contingency(TRUTH, LABELS).tolist() == [[3, 0, 1], [0, 0, 3], [1, 2, 0]]


def test_accuracy_and_purity_of_a_small_table_are_those_counted_by_hand():
    assert accuracy(TRUTH, LABELS) == 0.8
    assert purity(TRUTH, LABELS) == 0.8


def test_accuracy_matches_one_cluster_to_one_class_and_purity_does_not():
    truth, labels = np.array([0, 0, 0, 1]), np.array([0, 1, 2, 3])
    assert accuracy(truth, labels) == 0.5
    assert purity(truth, labels) == 1.0


def test_accuracy_is_the_best_over_all_matchings():
    rng = np.random.default_rng(0)
    truth, labels = rng.integers(0, 5, 200), rng.integers(0, 5, 200)
    best = max(np.mean(np.array(p)[labels] == truth) for p in permutations(range(5)))
    assert accuracy(truth, labels) == pytest.approx(best)


def test_nmi_is_arithmetic_and_the_geometric_one_is_named():
    truth, labels = np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3])
    # The mutual information is ln 2, the entropies ln 2 and ln 4.
    found = agreement(truth, labels)
    assert found["nmi"] == pytest.approx(log(2) / ((log(2) + log(4)) / 2))
    assert found["nmi_geometric"] == pytest.approx(log(2) / np.sqrt(log(2) * log(4)))


def test_renaming_the_clusters_changes_nothing():
    renamed = np.array([3, 3, 3, 1, 1, 1, 1, 2, 2, 3])
    assert agreement(TRUTH, renamed) == agreement(TRUTH, LABELS)
