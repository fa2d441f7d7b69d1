"""How well clusters agree with known classes; used to judge methods, never to train them."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score


def contingency(truth: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Counts (class, cluster) of the members of each class in each cluster.

    Args:
        truth, labels: Dims (n,), any integers.
    """
    _, rows = np.unique(truth, return_inverse=True)
    _, columns = np.unique(labels, return_inverse=True)
    table = np.zeros((rows.max() + 1, columns.max() + 1), dtype=np.int64)
    np.add.at(table, (rows, columns), 1)
    return table


def accuracy(truth: np.ndarray, labels: np.ndarray) -> float:
    """Share of members that lie in the cluster of their class, clusters matched one to one (ACC).

    The best matching is found by the Hungarian method (Kuhn 1955, doi:10.1002/nav.3800020109).

    >>> accuracy(np.array([0, 0, 1, 1]), np.array([7, 7, 7, 3]))
    0.75
    """
    table = contingency(truth, labels)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return float(table[rows, columns].sum() / table.sum())


def purity(truth: np.ndarray, labels: np.ndarray) -> float:
    """Share of members that are of the most frequent class of their cluster.

    It grows with the number of clusters: compare only at the same number.

    >>> purity(np.array([0, 0, 1, 1]), np.array([0, 1, 2, 2]))
    1.0
    """
    table = contingency(truth, labels)
    return float(table.max(axis=0).sum() / table.sum())


def agreement(truth: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """The measures of the papers' tables.

    Args:
        truth, labels: Dims (n,), integers.

    Returns:
        acc; nmi (arithmetic mean of the entropies) and nmi_geometric (the older habit, a little
        higher where the two differ); ari; purity.
    """
    return {
        "acc": accuracy(truth, labels),
        "nmi": float(normalized_mutual_info_score(truth, labels)),
        "nmi_geometric": float(
            normalized_mutual_info_score(truth, labels, average_method="geometric")
        ),
        "ari": float(adjusted_rand_score(truth, labels)),
        "purity": purity(truth, labels),
    }
