"""DEPICT: a softmax over noisy latent vectors learns balanced targets made from the clean ones."""

import logging
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rainscore.clustering.algorithms.assignments import balanced, sharpened, squared_distances
from rainscore.clustering.algorithms.base import DeepClusterer
from rainscore.clustering.algorithms.encoders import ConvSettings, NoisyConvNet, dropped
from rainscore.clustering.algorithms.pathintegral import path_integral_clusters
from rainscore.clustering.algorithms.phases import Phase, Run, steps_of_epoch
from rainscore.clustering.algorithms.pooled import through
from rainscore.clustering.algorithms.starts import adam, kmeans_start

logger = logging.getLogger(__name__)


HIDDEN = 0.1
"""Weight of the reconstruction of each hidden layer."""


DROPPED = 0.1
"""Noise on the input of an auto-encoder that has none of its own: share that is dropped."""


@dataclass(eq=False, repr=False, kw_only=True)
class DEPICT(DeepClusterer):
    """Joint convolutional embedding and relative entropy (Dizaji et al. 2017, arXiv:1704.06327).

    Loss: cross-entropy between targets and the softmax of the noisy latent vector + mean squared
    error of the reconstruction from it + 0.1 · that of each hidden layer, clean activations being
    what is to be reconstructed. Targets are made each epoch from the clean way. Input in [−1, 1].

    It starts from an auto-encoder trained with noise, judged on a random tenth of the members (the
    authors' code draws it by the true classes: no label takes part here); then from clusters of its
    latent vectors, which the softmax learns first.

    Args:
        k: Number of clusters, and length of the latent vector of the default network.
        learning_rate: Of Adam.
        pretrain_epochs: Most epochs of the auto-encoder alone.
        patience: Epochs without a better validation loss that end it.
        start_epochs: Most epochs in which the softmax learns the first clusters.
        max_epochs: Most epochs of the joint training.
        tolerance: It stops when the mean squared change of the targets is below.
        target: `sharpened` as in the authors' code, `balanced` as in the paper.
        start: `kmeans` (40 starts), or `path integral` (the authors' choice for USPS).
        **others: Of `DeepClusterer`.

    Attributes:
        heads_: `weight`, dims (k, L), and `bias`, dims (k,), of the softmax; `centres`, dims
            (k, L), the mean latent vectors, from which novelty is measured.
    """

    k: int
    batch: int = 100
    learning_rate: float = 1e-4
    pretrain_epochs: int = 4000
    patience: int = 100
    start_epochs: int = 1000
    max_epochs: int = 4000
    tolerance: float = 1e-7
    target: Literal["sharpened", "balanced"] = "sharpened"
    start: Literal["kmeans", "path integral"] = "kmeans"

    def _default_network(self, shape: tuple[int, ...]) -> nn.Module:
        if len(shape) != 3:
            raise ValueError("DEPICT takes images (n, channels, rows, columns), or pass a network")
        settings = ConvSettings(shape, latent=self.k, widths=(50, 50), dropouts=(0.1, 0.1, 0.0))
        return NoisyConvNet(settings)

    def _heads(self, latent: int) -> dict[str, Tensor]:
        return {"weight": torch.zeros(self.k, latent), "bias": torch.zeros(self.k)}

    def _dissimilarity(self, z: Tensor) -> Tensor:
        """−log of the probability of each cluster, dims (B, k)."""
        return -torch.log_softmax(self._scores(z), dim=1)

    def _conclude(self, run: Run) -> np.ndarray:
        z = self._through(run.data, self.network_.encode)
        labels = self._dissimilarity(z.to(run.place)).argmin(dim=1).cpu()
        centres = torch.full((self.k, z.shape[1]), torch.inf)
        for c in labels.unique().tolist():
            centres[c] = z[labels == c].mean(dim=0)
        self.heads_["centres"] = nn.Parameter(centres.to(run.place), requires_grad=False)
        return labels.numpy()

    def novelty(self, X: np.ndarray) -> np.ndarray:
        """Distance (n,) to the nearest mean: a softmax is sure of what is far from everything."""
        z = self._through(torch.as_tensor(X), self.network_.encode)
        centres = self.heads_["centres"].detach().cpu()
        return squared_distances(z, centres).min(dim=1).values.sqrt().numpy()

    def _scores(self, z: Tensor) -> Tensor:
        return F.linear(z, self.heads_["weight"], self.heads_["bias"])

    def _phases(self, run: Run) -> list[Phase]:
        shuffled = np.random.default_rng([self.seed, 2]).permutation(len(run.data))
        held, learnt = np.split(shuffled, [len(shuffled) // 10])
        epoch, part = (steps_of_epoch(n, run.batch) for n in (len(run.data), len(learnt)))
        common: dict[str, Any] = {"optimizer": adam(self.learning_rate), "order": "shuffled"}
        alone = Phase(
            name="auto-encoder",
            steps=self.pretrain_epochs * part,
            loss=lambda x, rows, step: self._errors(x, run.generator(step))[0],
            rows=learnt,
            every=part,
            check=lambda step: self._judge(run, self._clean_error(run, held), self.patience),
            finish=lambda: self._restore(run),
            **common,
        )
        first = Phase(
            name="start",
            steps=self.start_epochs * part,
            loss=lambda x, rows, step: self._loss(x, run.memory["start_labels"][rows], run, step),
            rows=learnt,
            every=part,
            begin=lambda: self._begin(run),
            check=lambda step: self._judge(run, self._disagreement(run, held), 5),
            finish=lambda: self._restore(run),
            **common,
        )
        joint = Phase(
            name="joint",
            steps=self.max_epochs * epoch,
            loss=lambda x, rows, step: self._loss(x, run.memory["target"][rows], run, step),
            every=epoch,
            check=lambda step: self._update(run, step),
            **common,
        )
        return [alone, first, joint]

    def _errors(self, x: Tensor, noise: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """Error of the layer-wise reconstruction, and the latent vectors it came from."""
        if not hasattr(self.network_, "layers"):
            z, image = through(self.network_, dropped(x, DROPPED, noise))
            return F.mse_loss(image, x), z
        z = self.network_.layers(x, noise)[-1]
        image, *hidden = self.network_.inverse(z)
        error = F.mse_loss(image, x)
        targets = self.network_.layers(x)[:-1]
        for given, clean in zip(hidden, targets, strict=True):
            error = error + HIDDEN * F.mse_loss(given, clean)
        return error, z

    def _loss(self, x: Tensor, target: Tensor, run: Run, step: int) -> Tensor:
        error, z = self._errors(x, run.generator(step))
        return error + F.cross_entropy(self._scores(z), target.to(x.device))

    def _clean_error(self, run: Run, held: np.ndarray) -> float:
        part = run.data[torch.from_numpy(held)]
        errors = self._through(part, lambda x: self._errors(x, None)[0].expand(len(x)))
        return errors.mean().item()

    def _disagreement(self, run: Run, held: np.ndarray) -> float:
        """Share of the held members that the softmax does not put where the start put them."""
        rows = torch.from_numpy(held)
        nearest = self._through(run.data[rows], self._of_members).argmin(dim=1)
        return (nearest != run.memory["start_labels"][rows]).float().mean().item()

    def _of_members(self, x: Tensor) -> Tensor:
        return self._dissimilarity(self.network_.encode(x))

    def _judge(self, run: Run, loss: float, patience: int) -> bool:
        """Keep the best weights; whether patience is at its end."""
        best = run.memory.get("best")
        if best is None or loss < best["loss"]:
            weights = {name: x.detach().cpu().clone() for name, x in run.model.state_dict().items()}
            run.memory["best"] = {"loss": loss, "age": 0, "weights": weights}
            return False
        best["age"] += 1
        return best["age"] > patience

    def _restore(self, run: Run) -> None:
        best = run.memory.pop("best", None)
        if best is not None:
            run.model.load_state_dict(best["weights"])

    @torch.no_grad()
    def _begin(self, run: Run) -> None:
        """Clusters of the latent vectors; the softmax starts from their directions."""
        z = self._through(run.data, self.network_.encode)
        if self.start == "kmeans":
            centres, labels = kmeans_start(z.numpy(), self.k, starts=40, seed=self.seed)
        else:
            labels = torch.from_numpy(path_integral_clusters(z.numpy(), self.k))
            centres = torch.stack([z[labels == c].mean(dim=0) for c in range(self.k)])
        self.heads_["weight"].copy_(F.normalize(centres, dim=1))
        run.memory["start_labels"] = labels

    def _update(self, run: Run, step: int) -> bool:
        """New targets; whether they have settled."""
        q = torch.exp(-self._through(run.data, self._of_members))
        target = sharpened(q) if self.target == "sharpened" else balanced(q)
        before = run.memory.get("target", target)
        run.memory["target"] = target
        if step == 0:
            return False
        change = (target - before).square().mean().item()
        run.history[-1]["changed"] = change
        return change < self.tolerance
