"""Agglomerative clustering by path integrals on a graph of neighbours: DEPICT's start on USPS."""

import numpy as np
from scipy.sparse import csr_array, identity
from scipy.sparse.csgraph import connected_components
from sklearn.neighbors import NearestNeighbors


def path_integral_clusters(z: np.ndarray, k: int, *, neighbours: int = 20) -> np.ndarray:
    """Labels (n,) of vectors (n, L), merged until k clusters are left.

    Zhang, Wang and Zhao 2013 (Agglomerative clustering via maximum incremental path integral,
    Pattern Recognition 46). Those two clusters are merged that gain most by paths of the random
    walk on the graph that leave one for the other and come back. The paper weighs a path by 0.01
    for each step; here only the shortest count, of two steps, of which the longer are a few
    hundredths. It starts from chains of nearest neighbours, about a third of n; memory grows with
    n times their number.

    Args:
        z: Vectors, finite.
        k: Number of clusters.
        neighbours: Of each vector in the graph.

    Raises:
        ValueError: There are fewer vectors than neighbours, or the chains are fewer than k.
    """
    if len(z) <= neighbours:
        raise ValueError(f"{len(z)} vectors are too few for {neighbours} neighbours each")
    walk, labels = neighbour_walk(z, neighbours)
    sizes = np.bincount(labels).astype(np.float64)
    if len(sizes) < k:
        raise ValueError(f"only {len(sizes)} chains of nearest neighbours for {k} clusters")
    member = csr_array((np.ones(len(z)), (np.arange(len(z)), labels)))
    ahead, back = (walk.T @ member).toarray().T, (walk @ member).toarray().T  # (clusters, n)
    returns = np.stack(
        [np.bincount(labels, a * b, len(sizes)) for a, b in zip(ahead, back, strict=True)]
    )
    gain = _gain(returns, sizes)
    for _ in range(len(sizes) - k):
        a, b = sorted(divmod(int(gain.argmax()), len(sizes)))
        labels[labels == b] = a
        sizes[a] += sizes[b]
        ahead[a] += ahead[b]
        back[a] += back[b]
        returns[:, a] += returns[:, b]
        returns[a] = np.bincount(labels, ahead[a] * back[a], len(sizes))
        gain[b] = gain[:, b] = -np.inf
        alive = np.isfinite(gain[a])
        alive[a] = True
        row = returns[a] / sizes[a] ** 2 + returns[:, a] / sizes**2
        gain[a] = gain[:, a] = np.where(alive, row, -np.inf)
        gain[a, a] = -np.inf
    return np.unique(labels, return_inverse=True)[1]


def neighbour_walk(z: np.ndarray, neighbours: int) -> tuple[csr_array, np.ndarray]:
    """Transition probabilities (n, n) among neighbours, and the chains (n,) of nearest neighbours.

    A step from a vector to its neighbour at distance d weighs exp(−d² / mean d²), to itself 1.
    """
    n = len(z)
    distances, places = NearestNeighbors(n_neighbors=neighbours).fit(z).kneighbors()
    squares = distances.astype(np.float64) ** 2
    weights = np.exp(-squares / squares.mean())
    starts = np.repeat(np.arange(n), neighbours)
    graph = csr_array((weights.ravel(), (starts, places.ravel())), shape=(n, n)) + identity(n)
    walk = csr_array(graph / graph.sum(axis=1)[:, None])
    nearest = csr_array((np.ones(n), (np.arange(n), places[:, 0])), shape=(n, n))
    return walk, connected_components(nearest, directed=False)[1].astype(np.int64)


def _gain(returns: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """What each pair gains: `returns[a, b]`, paths from a by b to a, over the size of a squared."""
    each = returns / sizes[:, None] ** 2
    gain = each + each.T
    np.fill_diagonal(gain, -np.inf)
    return gain
