"""DCEC and IDEC: an auto-encoder trained together with soft clusters of its latent space.

DCEC: Guo, Liu, Zhu and Yin 2017 (Deep clustering with convolutional autoencoders, ICONIP,
doi:10.1007/978-3-319-70096-0_39). IDEC: Guo, Gao, Liu and Yin 2017 (Improved deep embedded
clustering with local structure preservation, IJCAI, doi:10.24963/ijcai.2017/243).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from rainscore.clustering.algorithms.assignments import (
    divergence,
    sharpened,
    squared_distances,
    student_t,
)
from rainscore.clustering.algorithms.base import DeepClusterer
from rainscore.clustering.algorithms.encoders import MLP, ConvNet, ConvSettings, MLPSettings
from rainscore.clustering.algorithms.pooled import encode_and_decode
from rainscore.clustering.algorithms.starts import adam, autoencoder_phase, kmeans_start, revive
from rainscore.training.loop import Phase, Training


@dataclass(eq=False, repr=False, kw_only=True)
class DCEC(DeepClusterer):
    """Deep clustering with convolutional auto-encoders (Guo, Liu, Zhu and Yin 2017).

    Loss of a batch: ‖x − x̂‖² / d + `weight` · KL(P ‖ Q), with the reconstruction x̂ of d values, the
    soft assignment Q of Student's t to trained centres (`assignments.student_t`), and the target P
    (`assignments.sharpened`) of all members, recomputed every `update` steps. The auto-encoder is
    trained first; k-means of its latent vectors gives the initial centres. The training ends when
    less than `tolerance` of the labels have changed between two targets. Defaults are those of the
    authors' code.

    Args:
        k: Number of clusters.
        weight: Weight of the clustering loss.
        pretrain_epochs: Number of epochs of the auto-encoder alone.
        update: Steps between two targets.
        max_steps: Maximum number of steps of the joint training.
        tolerance: Share of changed labels below which the training ends.
        optimizer: `adam` at a learning rate of 1e-3, or `sgd` at 0.1 with momentum 0.99.
        **others: Parameters of `DeepClusterer`.

    Attributes:
        heads_: `centres`, dims (k, L).
    """

    k: int
    weight: float = 0.1
    pretrain_epochs: int = 200
    update: int = 140
    max_steps: int = 20_000
    tolerance: float = 0.001
    optimizer: Literal["adam", "sgd"] = "adam"

    def assignments(self, z: Tensor) -> Tensor:
        """Soft assignments Q (B, k) of latent vectors (B, L)."""
        return student_t(z, self.heads_["centres"])

    def _default_network(self, shape: tuple[int, ...]) -> nn.Module:
        if len(shape) != 3:
            raise ValueError("DCEC takes images (n, channels, rows, columns); for vectors use IDEC")
        return ConvNet(ConvSettings(shape))

    def _heads(self, latent: int) -> dict[str, Tensor]:
        return {"centres": torch.zeros(self.k, latent)}

    def _phases(self, training: Training, data: Tensor) -> list[Phase]:
        alone = autoencoder_phase(
            self.network_, self._batches(data, "shuffled", 0), self.pretrain_epochs
        )
        joint = Phase(
            name="joint",
            steps=self.max_steps,
            batches=self._batches(data, "in order", 1),
            loss=lambda batch, rows, step: self._loss(batch[0], training.memory["target"][rows]),
            optimizer=adam(1e-3) if self.optimizer == "adam" else sgd_with_momentum,
            check_every=self.update,
            begin=lambda: self._set_centres(training, data),
            check=lambda step, row: self._update_target(training, data, step, row),
        )
        return [alone, joint]

    def _set_centres(self, training: Training, data: Tensor) -> None:
        z = self._map_members(data, self.network_.encode)
        centres, labels = kmeans_start(z.numpy(), self.k, starts=20, seed=self.seed)
        self.heads_["centres"].data.copy_(centres)
        training.memory["start_labels"] = training.memory["labels"] = labels

    def _update_target(
        self, training: Training, data: Tensor, step: int, row: dict[str, Any]
    ) -> bool:
        """Compute the target; return whether fewer labels have changed than the tolerance."""
        centres = self.heads_["centres"]
        z = self._map_members(data, self.network_.encode)
        if revive(training, centres, squared_distances(z, centres.detach().cpu()), z):
            training.memory["labels"] = torch.full((len(z),), -1)
        with torch.no_grad():
            q = student_t(z, centres.cpu())
        labels = q.argmax(dim=1)
        row["changed"] = (labels != training.memory["labels"]).float().mean().item()
        training.memory["labels"], training.memory["target"] = labels, sharpened(q)
        return step > 0 and row["changed"] < self.tolerance

    def _loss(self, x: Tensor, target: Tensor) -> Tensor:
        """Loss of members x (B, …) with targets (B, k)."""
        z, decoded = encode_and_decode(self.network_, x)
        error = (decoded - x).square().mean()
        return error + self.weight * divergence(target.to(x.device), self.assignments(z))


@dataclass(eq=False, repr=False, kw_only=True)
class IDEC(DCEC):
    """Improved deep embedded clustering (Guo, Gao, Liu and Yin 2017).

    The loss is that of DCEC, with a fully connected network. On USPS the paper sets `update` to 30
    and `optimizer` to `sgd`. The paper pre-trains the network layer by layer; here it is trained as
    a whole.
    """

    def _default_network(self, shape: tuple[int, ...]) -> nn.Module:
        return MLP(MLPSettings(shape))


def sgd_with_momentum(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """Stochastic gradient descent with the settings of IDEC on USPS."""
    return torch.optim.SGD(parameters, lr=0.1, momentum=0.99)
