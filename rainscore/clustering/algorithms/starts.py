"""How the joint methods start, an auto-encoder and k-means; and what saves an empty cluster."""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.cluster import KMeans
from torch import Tensor, nn
from torch.nn import functional as F

from rainscore.clustering.algorithms.phases import Phase, Run, steps_of_epoch
from rainscore.clustering.algorithms.pooled import through

logger = logging.getLogger(__name__)


def adam(rate: float) -> Callable[..., torch.optim.Optimizer]:
    """Maker of Adam (Kingma and Ba 2015, arXiv:1412.6980), with the papers' epsilon (Keras)."""
    return lambda parameters: torch.optim.Adam(parameters, lr=rate, eps=1e-7)


def reconstruction(network: Any, x: Tensor) -> Tensor:
    """Mean squared error, over batch and features, of the way through the latent space."""
    return F.mse_loss(through(network, x)[1], x)


def autoencoder_phase(run: Run, network: Any, epochs: int) -> Phase:
    """Training of the network alone: Adam at 1e-3, batches shuffled."""
    steps = steps_of_epoch(len(run.data), run.batch)
    return Phase(
        name="auto-encoder",
        steps=epochs * steps,
        loss=lambda x, rows, step: reconstruction(network, x),
        optimizer=adam(1e-3),
        order="shuffled",
        every=steps,
    )


def kmeans_start(z: np.ndarray, k: int, *, starts: int, seed: int) -> tuple[Tensor, Tensor]:
    """Centres (k, L) and labels (n,) of k-means with several k-means++ starts.

    Raises:
        ValueError: There are fewer members than clusters.
    """
    if len(z) < k:
        raise ValueError(f"{len(z)} members are fewer than {k} clusters")
    model = KMeans(k, n_init=starts, random_state=seed).fit(z)
    centres = torch.from_numpy(model.cluster_centers_.astype(np.float32))
    return centres, torch.from_numpy(model.labels_.astype(np.int64))


@torch.no_grad()
def revive(run: Run, centres: nn.Parameter, distances: Tensor, z: Tensor) -> list[int]:
    """Set each empty centre on a member, drawn with probability as its squared distance.

    The rule is that of k-means++ (Arthur and Vassilvitskii 2007): the farthest member would often
    be an outlier, and a cluster of one.

    Args:
        run: Its memory counts the revivals; its optimiser forgets the moved rows.
        centres: Dims (K, L), changed in place.
        distances: Dims (n, K), squared, of all members.
        z: Dims (n, L), the members.

    Returns:
        The clusters that were empty.
    """
    distances = distances.double()
    sizes = torch.bincount(distances.argmin(dim=1), minlength=len(centres))
    empty = torch.nonzero(sizes == 0).flatten().tolist()
    rng = np.random.default_rng([run.seed, run.number, run.step])
    distances[:, empty] = torch.inf
    for cluster in empty:
        chances = distances.min(dim=1).values.numpy() + 1e-30
        member = rng.choice(len(z), p=chances / chances.sum())
        centres[cluster] = z[member].to(centres.device)
        distances[:, cluster] = (z - z[member]).square().sum(dim=1)
        run.forget_momentum(centres, cluster)
        run.memory["revived"] += 1
        logger.warning("cluster %d was empty: set on member %d", cluster, member)
    return empty
