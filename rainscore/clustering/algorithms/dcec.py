"""DCEC and IDEC: an auto-encoder whose latent space is drawn towards sharper clusters."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

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
from rainscore.clustering.algorithms.phases import Phase, Run
from rainscore.clustering.algorithms.pooled import through
from rainscore.clustering.algorithms.starts import adam, autoencoder_phase, kmeans_start, revive


@dataclass(eq=False, repr=False, kw_only=True)
class DCEC(DeepClusterer):
    """Deep clustering with convolutional auto-encoders (Guo, Liu, Zhu and Yin 2017, ICONIP).

    Loss: mean squared error + `weight` · KL(P ‖ Q), Q Student's t about trained centres, P the
    sharpened Q of all members, made anew every `update` steps. It stops when less than `tolerance`
    of the labels have changed since the last update.

    Args:
        k: Number of clusters.
        weight: Of the clustering loss.
        pretrain_epochs: Of the auto-encoder alone.
        update: Steps between two targets.
        max_steps: Most steps of the joint training.
        tolerance: Share of the members.
        optimizer: `adam` at 1e-3, or `sgd` at 0.1 with momentum 0.99.
        **others: Of `DeepClusterer`.

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
        """Q (B, k) of latent vectors (B, L)."""
        return student_t(z, self.heads_["centres"])

    def _default_network(self, shape: tuple[int, ...]) -> nn.Module:
        if len(shape) != 3:
            raise ValueError("DCEC takes images (n, channels, rows, columns); for vectors use IDEC")
        return ConvNet(ConvSettings(shape))

    def _heads(self, latent: int) -> dict[str, Tensor]:
        return {"centres": torch.zeros(self.k, latent)}

    def _phases(self, run: Run) -> list[Phase]:
        joint = Phase(
            name="joint",
            steps=self.max_steps,
            loss=lambda x, rows, step: self._loss(x, run.memory["target"][rows]),
            optimizer=adam(1e-3) if self.optimizer == "adam" else momentum,
            order="in order",
            every=self.update,
            begin=lambda: self._begin(run),
            check=lambda step: self._update(run, step),
        )
        return [autoencoder_phase(run, self.network_, self.pretrain_epochs), joint]

    def _begin(self, run: Run) -> None:
        z = self._through(run.data, self.network_.encode)
        centres, labels = kmeans_start(z.numpy(), self.k, starts=20, seed=self.seed)
        self.heads_["centres"].data.copy_(centres)
        run.memory["start_labels"] = run.memory["labels"] = labels

    def _update(self, run: Run, step: int) -> bool:
        """New target; whether the labels have settled."""
        centres = self.heads_["centres"]
        z = self._through(run.data, self.network_.encode)
        if revive(run, centres, squared_distances(z, centres.detach().cpu()), z):
            run.memory["labels"] = torch.full((len(z),), -1)
        with torch.no_grad():
            q = student_t(z, centres.cpu())
        labels = q.argmax(dim=1)
        changed = (labels != run.memory["labels"]).float().mean().item()
        run.memory["labels"], run.memory["target"] = labels, sharpened(q)
        if step:
            run.history[-1]["changed"] = changed
        return step > 0 and changed < self.tolerance

    def _loss(self, x: Tensor, target: Tensor) -> Tensor:
        z, given = through(self.network_, x)
        error = (given - x).square().mean()
        return error + self.weight * divergence(target.to(x.device), self.assignments(z))


@dataclass(eq=False, repr=False, kw_only=True)
class IDEC(DCEC):
    """Improved deep embedded clustering (Guo, Gao, Liu and Yin 2017, doi:10.24963/ijcai.2017/243).

    DCEC's loss with a fully connected network. The paper sets `update` 30 and `optimizer` "sgd" on
    USPS; its start is a network pre-trained layer by layer, here one trained as a whole.
    """

    def _default_network(self, shape: tuple[int, ...]) -> nn.Module:
        return MLP(MLPSettings(shape))


def momentum(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """SGD as IDEC uses it on USPS."""
    return torch.optim.SGD(parameters, lr=0.1, momentum=0.99)
