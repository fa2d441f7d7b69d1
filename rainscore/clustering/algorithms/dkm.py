"""Deep k-Means: k-means and auto-encoder trained together through a soft minimum.

Moradi Fard, Thonet and Gaussier 2020 (Deep k-Means: jointly clustering with k-Means and learning
representations, Pattern Recognition Letters, doi:10.1016/j.patrec.2020.07.028).
"""

from dataclasses import dataclass
from math import log

import torch
from torch import Tensor, nn

from rainscore.clustering.algorithms.assignments import squared_distances
from rainscore.clustering.algorithms.base import DeepClusterer
from rainscore.clustering.algorithms.encoders import MLP, MLPSettings
from rainscore.clustering.algorithms.pooled import encode_and_decode
from rainscore.clustering.algorithms.starts import adam, kmeans_start, revive
from rainscore.training.loop import Phase, Training

EPSILON = 1e-8
"""ε of Adam in the authors' code, the default of TensorFlow."""


def annealed_alphas(count: int = 40) -> list[float]:
    """Inverse temperatures of the annealed variant: α₁ = 0.1, αₙ = 2^(1/ln² n) · αₙ₋₁.

    >>> [round(a, 3) for a in annealed_alphas(4)]
    [0.1, 0.423, 0.752, 1.078]
    """
    alphas = [0.1]
    for n in range(2, count + 1):
        alphas.append(2 ** (1 / log(n) ** 2) * alphas[-1])
    return alphas


def soft_minimum(distances: Tensor, alpha: float) -> Tensor:
    """Soft minimum of each row, Σ_k softmax(−α d)_k d_k.

    Args:
        distances: Distances d, dims (B, K).
        alpha: Inverse temperature α; 0 gives the mean, ∞ the minimum.

    Returns:
        Dims (B,).
    """
    return (torch.softmax(-alpha * distances, dim=1) * distances).sum(dim=1)


@dataclass(eq=False, repr=False, kw_only=True)
class DeepKMeans(DeepClusterer):
    """Deep k-Means (Moradi Fard, Thonet and Gaussier 2020).

    Loss of a batch: mean of ‖x − x̂‖² + `weight` · softmin_α ‖z − c‖², with the reconstruction x̂,
    the latent vector z and the `soft_minimum` over the centres c at inverse temperature α. Each
    step draws its batch from all members. Labels are computed from the final network; the authors'
    code uses distances kept from the last batches. Other defaults are those of that code.

    Args:
        k: Number of clusters, and length of the latent vector of the default network.
        annealed: True: α rises from 0.1 over 40 values, without pre-training, from centres drawn
            in [−1, 1]. False: α = 1000 after pre-training and k-means.
        weight: Weight of the clustering loss.
        pretrain_epochs: Number of epochs of the auto-encoder alone, if not annealed.
        epochs_each: Number of epochs per value of α.
        values: Number of values of α, all 1000, if not annealed.
        **others: Parameters of `DeepClusterer`.

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
        """Inverse temperatures α, in order."""
        return annealed_alphas() if self.annealed else [1000.0] * self.values

    def _default_network(self, shape: tuple[int, ...]) -> nn.Module:
        return MLP(MLPSettings(shape, latent=self.k))

    def _heads(self, latent: int) -> dict[str, Tensor]:
        return {"centres": torch.rand(self.k, latent) * 2 - 1}

    def _phases(self, training: Training, data: Tensor) -> list[Phase]:
        batches = self._batches(data, "drawn", 0)
        alone = Phase(
            name="auto-encoder",
            steps=self.pretrain_epochs * batches.per_epoch,
            batches=batches,
            loss=lambda batch, rows, step: summed_error(
                batch[0], encode_and_decode(self.network_, batch[0])[1]
            ),
            optimizer=adam(1e-3, EPSILON),
            check_every=batches.per_epoch,
            finish=lambda: self._set_centres(training, data),
        )
        steps_each = self.epochs_each * batches.per_epoch
        joint = Phase(
            name="joint",
            steps=len(self.alphas) * steps_each,
            batches=self._batches(data, "drawn", 0 if self.annealed else 1),
            loss=lambda batch, rows, step: self._loss(batch[0], self.alphas[step // steps_each]),
            optimizer=adam(1e-3, EPSILON),
            check_every=steps_each,
            check=lambda step, row: self._revive_empty(training, data, step // steps_each),
        )
        return [joint] if self.annealed else [alone, joint]

    def _set_centres(self, training: Training, data: Tensor) -> None:
        z = self._map_members(data, self.network_.encode)
        centres, labels = kmeans_start(z.numpy(), self.k, starts=10, seed=self.seed)
        self.heads_["centres"].data.copy_(centres)
        training.memory["start_labels"] = labels

    def _revive_empty(self, training: Training, data: Tensor, number: int) -> bool:
        """Revive empty clusters before the value of α with a number; never ends the training.

        With annealing this is done in the second half only: at small α clusters overlap.
        """
        if self.annealed and 2 * number < len(self.alphas):
            return False
        z = self._map_members(data, self.network_.encode)
        centres = self.heads_["centres"]
        revive(training, centres, squared_distances(z, centres.detach().cpu()), z)
        return False

    def _loss(self, x: Tensor, alpha: float) -> Tensor:
        """Loss of members x (B, …) at inverse temperature alpha."""
        z, decoded = encode_and_decode(self.network_, x)
        nearest = soft_minimum(squared_distances(z, self.heads_["centres"]), alpha).mean()
        return summed_error(x, decoded) + self.weight * nearest


def summed_error(x: Tensor, decoded: Tensor) -> Tensor:
    """Squared error of (B, …), summed over the features, mean over the batch."""
    return (decoded - x).square().flatten(1).sum(dim=1).mean()
