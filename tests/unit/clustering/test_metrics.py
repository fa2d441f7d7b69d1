"""Agreement measures, compared with hand counts, scikit-learn and a search over all matchings."""

from itertools import permutations
from math import log

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from rainscore.clustering.metrics import (
    accuracy,
    adjusted_rand,
    agreement,
    contingency,
    mutual_information,
    purity,
)

TRUTH = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
LABELS = np.array([5, 5, 5, 9, 9, 9, 9, 7, 7, 5])


def test_agreement_of_tables_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 4, 200), rng.integers(0, 3, 200)
    b[:100] = a[:100] % 3
    table = contingency(a, b)
    assert adjusted_rand(table) == pytest.approx(adjusted_rand_score(a, b))
    assert mutual_information(table) == pytest.approx(normalized_mutual_info_score(a, b))


def test_agreement_is_computed_table_by_table():
    tables = np.array([[[2, 0], [0, 2]], [[1, 1], [1, 1]]])
    assert adjusted_rand(tables) == pytest.approx([1, -0.5])
    assert mutual_information(tables) == pytest.approx([1, 0])


def test_two_clusterings_with_a_single_class_agree():
    table = np.array([[7.0]])
    assert adjusted_rand(table) == 1
    assert mutual_information(table) == 1


def test_contingency_counts_each_class_in_each_cluster():
    assert contingency(TRUTH, LABELS).tolist() == [[3, 0, 1], [0, 0, 3], [1, 2, 0]]


def test_accuracy_and_purity_of_a_small_table_equal_a_count_by_hand():
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


def test_nmi_uses_the_arithmetic_mean_of_the_entropies_or_the_geometric_one_by_name():
    truth, labels = np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3])
    # The mutual information is ln 2, the entropies ln 2 and ln 4.
    values = agreement(truth, labels)
    assert values["nmi"] == pytest.approx(log(2) / ((log(2) + log(4)) / 2))
    assert values["nmi_geometric"] == pytest.approx(log(2) / np.sqrt(log(2) * log(4)))


def test_renaming_the_clusters_changes_nothing():
    renamed = np.array([3, 3, 3, 1, 1, 1, 1, 2, 2, 3])
    assert agreement(TRUTH, renamed) == agreement(TRUTH, LABELS)
