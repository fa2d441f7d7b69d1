"""Start of the joint methods, by an auto-encoder and k-means; revival of empty clusters."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from sklearn.cluster import KMeans
from torch import Tensor, nn
from torch.nn import functional as F

from rainscore.clustering.algorithms.pooled import encode_and_decode
from rainscore.training.batches import Batches
from rainscore.training.loop import Phase, Training

logger = logging.getLogger(__name__)


def adam(learning_rate: float, epsilon: float = 1e-7) -> Callable[..., torch.optim.Optimizer]:
    """Function that makes Adam (Kingma and Ba 2015, arXiv:1412.6980); ε defaults to that of Keras.

    Args:
        learning_rate: Learning rate.
        epsilon: ε, added to the root of the second moment.
    """

    def optimizer(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        trained = list(parameters)
        # One kernel for all parameters: on a GPU a step of a small network is bound by launches.
        fused = trained[0].is_cuda
        return torch.optim.Adam(trained, lr=learning_rate, eps=epsilon, fused=fused)

    return optimizer


def reconstruction_error(network: Any, x: Tensor) -> Tensor:
    """Mean squared error of the reconstruction of members (B, …), over batch and features."""
    return F.mse_loss(encode_and_decode(network, x)[1], x)


def autoencoder_phase(network: Any, batches: Batches, epochs: int) -> Phase:
    """Training of the network alone, by Adam at a learning rate of 1e-3."""
    return Phase(
        name="auto-encoder",
        steps=epochs * batches.per_epoch,
        batches=batches,
        loss=lambda batch, rows, step: reconstruction_error(network, batch[0]),
        optimizer=adam(1e-3),
        check_every=batches.per_epoch,
    )


def kmeans_start(z: np.ndarray, k: int, *, starts: int, seed: int) -> tuple[Tensor, Tensor]:
    """Cluster vectors by k-means.

    Args:
        z: Vectors, dims (n, L).
        k: Number of clusters.
        starts: Number of k-means++ initialisations, of which the best is kept.
        seed: Random seed.

    Returns:
        Centres, dims (k, L), float32; labels, dims (n,).

    Raises:
        ValueError: There are fewer members than clusters.
    """
    if len(z) < k:
        raise ValueError(f"{len(z)} members are fewer than {k} clusters")
    model = KMeans(k, n_init=starts, random_state=seed).fit(z)
    centres = torch.from_numpy(model.cluster_centers_.astype(np.float32))
    return centres, torch.from_numpy(model.labels_.astype(np.int64))


@torch.no_grad()
def revive(training: Training, centres: nn.Parameter, distances: Tensor, z: Tensor) -> list[int]:
    """Move each empty centre to a member, drawn with probability proportional to its distance².

    This is the rule of k-means++ (Arthur and Vassilvitskii 2007, doi:10.5555/1283383.1283494). The
    farthest member would often be an outlier, and the cluster would have one member.

    Args:
        training: Training in progress; its memory counts the revivals, and its optimiser's state
            of the moved rows is cleared.
        centres: Cluster centres, dims (K, L), changed in place.
        distances: Squared distances of all members to the centres, dims (n, K).
        z: Latent vectors of all members, dims (n, L).

    Returns:
        Numbers of the clusters that were empty.
    """
    distances = distances.double()
    sizes = torch.bincount(distances.argmin(dim=1), minlength=len(centres))
    empty = torch.nonzero(sizes == 0).flatten().tolist()
    rng = np.random.default_rng([training.seed, training.phase_number, training.step])
    distances[:, empty] = torch.inf
    for cluster in empty:
        chances = distances.min(dim=1).values.numpy() + 1e-30
        member = rng.choice(len(z), p=chances / chances.sum())
        centres[cluster] = z[member].to(centres.device)
        distances[:, cluster] = (z - z[member]).square().sum(dim=1)
        training.reset_optimizer_row(centres, cluster)
        training.memory["revived"] += 1
        logger.warning("cluster %d was empty: moved to member %d", cluster, member)
    return empty
