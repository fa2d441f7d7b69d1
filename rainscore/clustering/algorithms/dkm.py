"""Deep k-Means: k-means and auto-encoder learnt together through a soft minimum."""

from dataclasses import dataclass
from math import log

import torch
from torch import Tensor, nn

from rainscore.clustering.algorithms.assignments import squared_distances
from rainscore.clustering.algorithms.base import DeepClusterer
from rainscore.clustering.algorithms.encoders import MLP, MLPSettings
from rainscore.clustering.algorithms.phases import Phase, Run, steps_of_epoch
from rainscore.clustering.algorithms.pooled import through
from rainscore.clustering.algorithms.starts import adam, kmeans_start, revive


def annealed_alphas(count: int = 40) -> list[float]:
    """Inverse temperatures of the annealed variant: 0.1, then each 2^(1/ln²n) times the last.

    >>> [round(a, 3) for a in annealed_alphas(4)]
    [0.1, 0.423, 0.752, 1.078]
    """
    alphas = [0.1]
    for n in range(2, count + 1):
        alphas.append(2 ** (1 / log(n) ** 2) * alphas[-1])
    return alphas


def soft_minimum(distances: Tensor, alpha: float) -> Tensor:
    """Mean of each row of (B, K), weighted by softmax(−alpha · distance), dims (B,)."""
    return (torch.softmax(-alpha * distances, dim=1) * distances).sum(dim=1)


@dataclass(eq=False, repr=False, kw_only=True)
class DeepKMeans(DeepClusterer):
    """Deep k-Means (Moradi Fard, Thonet and Gaussier 2018, arXiv:1806.10069).

    Loss: squared error summed over the features + `weight` · soft minimum, at inverse temperature
    α, of the squared distances to the centres. Each step draws its batch afresh. The labels come
    from the network as it is at the end, not from distances kept of past batches.

    Args:
        k: Number of clusters, and length of the latent vector of the default network.
        annealed: α rises from 0.1 (40 values) without pre-training, from centres drawn in [−1, 1];
            otherwise α = 1000 after pre-training and k-means.
        weight: Of the clustering loss.
        pretrain_epochs: Of the auto-encoder alone, where not annealed.
        epochs_each: Epochs for each value of α.
        values: Of 1000 in a row, where not annealed.
        **others: Of `DeepClusterer`.

    Attributes:
        heads_: `centres`, dims (k, L).
    """

    k: int
    annealed: bool = False
    weight: float = 1.0
    pretrain_epochs: int = 50
    epochs_each: int = 5
    values: int = 20

    @property
    def alphas(self) -> list[float]:
        """The values of α in their order."""
        return annealed_alphas() if self.annealed else [1000.0] * self.values

    def _default_network(self, shape: tuple[int, ...]) -> nn.Module:
        return MLP(MLPSettings(shape, latent=self.k))

    def _heads(self, latent: int) -> dict[str, Tensor]:
        return {"centres": torch.rand(self.k, latent) * 2 - 1}

    def _phases(self, run: Run) -> list[Phase]:
        epoch = steps_of_epoch(len(run.data), run.batch)
        alone = Phase(
            name="auto-encoder",
            steps=self.pretrain_epochs * epoch,
            loss=lambda x, rows, step: summed_error(x, through(self.network_, x)[1]),
            optimizer=adam(1e-3),
            order="drawn",
            every=epoch,
            finish=lambda: self._start(run),
        )
        each = self.epochs_each * epoch
        joint = Phase(
            name="joint",
            steps=len(self.alphas) * each,
            loss=lambda x, rows, step: self._loss(x, self.alphas[step // each]),
            optimizer=adam(1e-3),
            order="drawn",
            every=each,
            check=lambda step: self._guard(run, step, each),
        )
        return [joint] if self.annealed else [alone, joint]

    def _start(self, run: Run) -> None:
        z = self._through(run.data, self.network_.encode)
        centres, labels = kmeans_start(z.numpy(), self.k, starts=10, seed=self.seed)
        self.heads_["centres"].data.copy_(centres)
        run.memory["start_labels"] = labels

    def _guard(self, run: Run, step: int, each: int) -> bool:
        """Revive empty clusters, once they are meant to be apart; never stops the training."""
        if self.annealed and step < len(self.alphas) * each // 2:
            return False
        z = self._through(run.data, self.network_.encode)
        centres = self.heads_["centres"]
        revive(run, centres, squared_distances(z, centres.detach().cpu()), z)
        return False

    def _loss(self, x: Tensor, alpha: float) -> Tensor:
        z, given = through(self.network_, x)
        near = soft_minimum(squared_distances(z, self.heads_["centres"]), alpha).mean()
        return summed_error(x, given) + self.weight * near


def summed_error(x: Tensor, given: Tensor) -> Tensor:
    """Squared error summed over the features, mean over the batch."""
    return (given - x).square().flatten(1).sum(dim=1).mean()
