"""Agglomerative clustering by path integrals on a graph of neighbours.

Zhang, Zhao and Wang 2013 (Agglomerative clustering via maximum incremental path integral, Pattern
Recognition 46, doi:10.1016/j.patcog.2013.04.013).
"""

import numpy as np
from scipy.sparse import csr_array, identity
from scipy.sparse.csgraph import connected_components
from sklearn.neighbors import NearestNeighbors


def path_integral_clusters(z: np.ndarray, k: int, *, neighbours: int = 20) -> np.ndarray:
    """Merge clusters of vectors until k are left.

    The initial clusters are chains of nearest neighbours, about n / 3. Each step merges the pair
    (a, b) with the largest gain r(a, b) / |a|² + r(b, a) / |b|², where r(a, b) is the probability
    of paths of a random walk on the graph that go from a to b and back to a, summed over their
    start. The paper sums paths of all lengths with a weight of 0.01 per step; here only paths of
    two steps are used, which have nearly all of the weight. Memory is proportional to n times the
    number of chains.

    Args:
        z: Vectors, dims (n, L), finite.
        k: Number of clusters.
        neighbours: Number of neighbours of each vector in the graph.

    Returns:
        Labels, dims (n,), 0 … k − 1.

    Raises:
        ValueError: There are not more vectors than neighbours, or fewer chains than clusters.
    """
    if len(z) <= neighbours:
        raise ValueError(f"{len(z)} vectors are too few for {neighbours} neighbours each")
    walk, labels = neighbour_walk(z, neighbours)
    sizes = np.bincount(labels).astype(np.float64)
    if len(sizes) < k:
        raise ValueError(f"only {len(sizes)} chains of nearest neighbours for {k} clusters")
    member = csr_array((np.ones(len(z)), (np.arange(len(z)), labels)))
    # Probability of a step from a cluster to a vector, and back: (clusters, n).
    forward, backward = (walk.T @ member).toarray().T, (walk @ member).toarray().T
    returns = np.stack(
        [np.bincount(labels, a * b, len(sizes)) for a, b in zip(forward, backward, strict=True)]
    )
    gain = _gain(returns, sizes)
    for _ in range(len(sizes) - k):
        a, b = sorted(divmod(int(gain.argmax()), len(sizes)))
        labels[labels == b] = a
        sizes[a] += sizes[b]
        forward[a] += forward[b]
        backward[a] += backward[b]
        returns[:, a] += returns[:, b]
        returns[a] = np.bincount(labels, forward[a] * backward[a], len(sizes))
        gain[b] = gain[:, b] = -np.inf
        remaining = np.isfinite(gain[a])
        remaining[a] = True
        row = returns[a] / sizes[a] ** 2 + returns[:, a] / sizes**2
        gain[a] = gain[:, a] = np.where(remaining, row, -np.inf)
        gain[a, a] = -np.inf
    return np.unique(labels, return_inverse=True)[1]


def neighbour_walk(z: np.ndarray, neighbours: int) -> tuple[csr_array, np.ndarray]:
    """Random walk on the graph of neighbours, and chains of nearest neighbours.

    The weight of a step from a vector to a neighbour at distance d is exp(−d² / mean d²), to itself
    one more.

    Args:
        z: Vectors, dims (n, L).
        neighbours: Number of neighbours of each vector, itself included.

    Returns:
        Transition probabilities, dims (n, n), sparse; chain of each vector, dims (n,).
    """
    n = len(z)
    distances, indices = NearestNeighbors(n_neighbors=neighbours).fit(z).kneighbors()
    squares = distances.astype(np.float64) ** 2
    weights = np.exp(-squares / squares.mean())
    starts = np.repeat(np.arange(n), neighbours)
    graph = csr_array((weights.ravel(), (starts, indices.ravel())), shape=(n, n)) + identity(n)
    walk = csr_array(graph / graph.sum(axis=1)[:, None])
    nearest = csr_array((np.ones(n), (np.arange(n), indices[:, 0])), shape=(n, n))
    return walk, connected_components(nearest, directed=False)[1].astype(np.int64)


def _gain(returns: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Gain of each pair of clusters, dims (clusters, clusters); −∞ on the diagonal.

    Args:
        returns: Probability of paths from a to b and back to a, dims (a, b).
        sizes: Members of each cluster, dims (clusters,).
    """
    scaled = returns / sizes[:, None] ** 2
    gain = scaled + scaled.T
    np.fill_diagonal(gain, -np.inf)
    return gain
