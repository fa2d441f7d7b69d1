"""Agreement between two clusterings, and between clusters and known classes."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score


def adjusted_rand(tables: np.ndarray) -> np.ndarray:
    """Adjusted Rand index of contingency tables, dims (..., a, b).

    The entries may be weighted counts. The index is 1 where both clusterings have a single class.

    Reference: Hubert and Arabie (1985), doi:10.1007/BF01908075.

    >>> float(adjusted_rand(np.array([[2, 0], [0, 2]])))
    1.0
    """

    def pairs(counts: np.ndarray) -> np.ndarray:
        return counts * (counts - 1) / 2

    both = pairs(tables).sum(axis=(-1, -2))
    rows, columns = (pairs(tables.sum(axis=i)).sum(axis=-1) for i in (-1, -2))
    expected = rows * columns / np.maximum(pairs(tables.sum(axis=(-1, -2))), 1)
    maximum = (rows + columns) / 2
    single = maximum - expected < 1e-9
    return np.where(single, 1.0, (both - expected) / np.where(single, 1.0, maximum - expected))


def mutual_information(tables: np.ndarray) -> np.ndarray:
    """Mutual information normalised by the mean entropy (NMI) of tables, dims (..., a, b).

    It is 1 where both clusterings have a single class.
    """
    p = tables / np.maximum(tables.sum(axis=(-1, -2), keepdims=True), 1)

    def entropy(q: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        return -(q * np.log(np.where(q > 0, q, 1))).sum(axis=axes)

    separate = entropy(p.sum(axis=-1), (-1,)) + entropy(p.sum(axis=-2), (-1,))
    shared = separate - entropy(p, (-1, -2))
    return np.where(separate > 1e-9, 2 * shared / np.maximum(separate, 1e-9), 1.0)


def contingency(truth: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Number of members of each class in each cluster, dims (class, cluster).

    Args:
        truth, labels: Class and cluster of each member, dims (n,), integers.
    """
    _, rows = np.unique(truth, return_inverse=True)
    _, columns = np.unique(labels, return_inverse=True)
    table = np.zeros((rows.max() + 1, columns.max() + 1), dtype=np.int64)
    np.add.at(table, (rows, columns), 1)
    return table


def accuracy(truth: np.ndarray, labels: np.ndarray) -> float:
    """Share of members in the cluster of their class, clusters matched one to one (ACC).

    The matching is the best one, from the Hungarian method.

    Reference: Kuhn (1955), doi:10.1002/nav.3800020109.

    >>> accuracy(np.array([0, 0, 1, 1]), np.array([7, 7, 7, 3]))
    0.75
    """
    table = contingency(truth, labels)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return float(table[rows, columns].sum() / table.sum())


def purity(truth: np.ndarray, labels: np.ndarray) -> float:
    """Share of members that belong to the most frequent class of their cluster.

    Purity increases with the number of clusters; compare it only between equal numbers.

    >>> purity(np.array([0, 0, 1, 1]), np.array([0, 1, 2, 2]))
    1.0
    """
    table = contingency(truth, labels)
    return float(table.max(axis=0).sum() / table.sum())


def agreement(truth: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Measures that clustering papers report, for members whose classes are available.

    Args:
        truth, labels: Class and cluster of each member, dims (n,), integers.

    Returns:
        acc, nmi (normalised by the arithmetic mean of the entropies), nmi_geometric (by their
        geometric mean, as in older papers; a little larger where the two entropies differ), ari,
        purity.
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
