"""DEPICT: a softmax classifier of noisy latent vectors, trained on targets from the clean ones.

Dizaji, Herandi, Deng, Cai and Huang 2017 (Deep clustering via joint convolutional autoencoder
embedding and relative entropy minimization, ICCV, doi:10.1109/ICCV.2017.612).
"""

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
from rainscore.clustering.algorithms.pooled import encode_and_decode
from rainscore.clustering.algorithms.starts import adam, kmeans_start
from rainscore.training.loop import Phase, Training

LAYER_WEIGHT = 0.1
"""Weight of the reconstruction error of each hidden layer."""


INPUT_DROPOUT = 0.1
"""Share of the input that is dropped for an auto-encoder without dropout layers."""


START_PATIENCE = 5
"""Epochs without improvement after which the classifier's initial training ends."""


@dataclass(eq=False, repr=False, kw_only=True)
class DEPICT(DeepClusterer):
    """Deep embedded regularised clustering (Dizaji et al. 2017).

    Loss of a batch: `weight` · H(P, softmax(W z̃ + b)) + ‖x − x̂‖² / d +
    0.1 · Σ_l ‖h_l − ĥ_l‖² / d_l. H is the cross-entropy, P the target, z̃ the latent vector of
    the noisy encoder, x̂ the reconstruction from z̃, h_l the hidden layers of the clean encoder and
    ĥ_l those of the decoder. Targets are computed each epoch from the clean encoder. Members are
    in [−1, 1].

    The auto-encoder is trained first, with noise, until the loss on a random tenth of the members
    no longer falls (the authors' code draws the tenth by the true classes; here no label is used).
    Its latent vectors are clustered, and the softmax classifier is trained on these clusters.
    Defaults are those of the authors' code.

    Args:
        k: Number of clusters, and length of the latent vector of the default network.
        weight: Weight of the clustering loss.
        learning_rate: Learning rate of Adam.
        pretrain_epochs: Maximum number of epochs of the auto-encoder alone.
        patience: Epochs without a lower validation loss after which that training ends.
        start_epochs: Maximum number of epochs of the classifier on the initial clusters.
        max_epochs: Maximum number of epochs of the joint training.
        tolerance: Mean squared change of the targets below which the training ends.
        target: `sharpened` as in the authors' code, or `balanced` as in the paper.
        start: Initial clusters by `kmeans` (40 initialisations), or by `path integral`, the
            authors' choice for USPS.
        **others: Parameters of `DeepClusterer`.

    Attributes:
        heads_: `weight`, dims (k, L), and `bias`, dims (k,), of the softmax; `centres`, dims
            (k, L), mean latent vectors, used by `novelty`.
    """

    k: int
    batch: int = 100
    weight: float = 1.0
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

    def _conclude(self, training: Training, data: Tensor) -> np.ndarray:
        z = self._map_members(data, self.network_.encode)
        labels = self._dissimilarity(z.to(training.device)).argmin(dim=1).cpu()
        centres = torch.full((self.k, z.shape[1]), torch.inf)
        for c in labels.unique().tolist():
            centres[c] = z[labels == c].mean(dim=0)
        self.heads_["centres"] = nn.Parameter(centres.to(training.device), requires_grad=False)
        return labels.numpy()

    def novelty(self, X: np.ndarray) -> np.ndarray:
        """Distance (n,) to the nearest mean latent vector; a softmax is certain far from all."""
        z = self._map_members(torch.as_tensor(X), self.network_.encode)
        centres = self.heads_["centres"].detach().cpu()
        return squared_distances(z, centres).min(dim=1).values.sqrt().numpy()

    def _scores(self, z: Tensor) -> Tensor:
        return F.linear(z, self.heads_["weight"], self.heads_["bias"])

    def _phases(self, training: Training, data: Tensor) -> list[Phase]:
        shuffled = np.random.default_rng([self.seed, 2]).permutation(len(data))
        held_out, trained = np.split(shuffled, [len(shuffled) // 10])
        return [
            self._autoencoder_phase(training, data, trained, held_out),
            self._classifier_phase(training, data, trained, held_out),
            self._joint_phase(training, data),
        ]

    def _autoencoder_phase(
        self, training: Training, data: Tensor, trained: np.ndarray, held_out: np.ndarray
    ) -> Phase:
        """Training of the auto-encoder alone, until the error of held-out members is lowest."""
        batches = self._batches(data, "shuffled", 0, trained)
        return Phase(
            name="auto-encoder",
            steps=self.pretrain_epochs * batches.per_epoch,
            batches=batches,
            loss=lambda batch, rows, step: self._errors(batch[0], training.generator(step))[0],
            optimizer=adam(self.learning_rate),
            check_every=batches.per_epoch,
            check=lambda step, row: (
                training.keep_best(self._clean_error(data[held_out])) > self.patience
            ),
            finish=training.restore_best,
        )

    def _classifier_phase(
        self, training: Training, data: Tensor, trained: np.ndarray, held_out: np.ndarray
    ) -> Phase:
        """Training on the initial clusters, until held-out members agree best with them."""
        memory = training.memory
        batches = self._batches(data, "shuffled", 1, trained)
        return Phase(
            name="start",
            steps=self.start_epochs * batches.per_epoch,
            batches=batches,
            loss=lambda batch, rows, step: self._loss(
                batch[0], memory["start_labels"][rows], training.generator(step)
            ),
            optimizer=adam(self.learning_rate),
            check_every=batches.per_epoch,
            begin=lambda: self._set_weights(training, data),
            check=lambda step, row: (
                training.keep_best(
                    self._disagreement(data[held_out], memory["start_labels"][held_out])
                )
                > START_PATIENCE
            ),
            finish=training.restore_best,
        )

    def _joint_phase(self, training: Training, data: Tensor) -> Phase:
        """Joint training of network and clusters on targets that are updated each epoch."""
        batches = self._batches(data, "shuffled", 2)
        return Phase(
            name="joint",
            steps=self.max_epochs * batches.per_epoch,
            batches=batches,
            loss=lambda batch, rows, step: self._loss(
                batch[0], training.memory["target"][rows], training.generator(step)
            ),
            optimizer=adam(self.learning_rate),
            check_every=batches.per_epoch,
            check=lambda step, row: self._update_target(training, data, step, row),
        )

    def _errors(self, x: Tensor, noise: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """Reconstruction error of members x (B, …), and latent vectors (B, L) with noise."""
        if not isinstance(self.network_, NoisyConvNet):
            z, image = encode_and_decode(self.network_, dropped(x, INPUT_DROPOUT, noise))
            return F.mse_loss(image, x), z
        z = self.network_.layers(x, noise)[-1]
        image, *hidden = self.network_.inverse(z)
        error = F.mse_loss(image, x)
        for decoded, clean in zip(hidden, self.network_.layers(x)[:-1], strict=True):
            error = error + LAYER_WEIGHT * F.mse_loss(decoded, clean)
        return error, z

    def _loss(self, x: Tensor, target: Tensor, noise: torch.Generator) -> Tensor:
        """Loss of members x (B, …) with targets (B, k), or labels (B,)."""
        error, z = self._errors(x, noise)
        entropy = F.cross_entropy(self._scores(z), target.to(x.device))
        return error + self.weight * entropy

    def _clean_error(self, members: Tensor) -> float:
        """Mean reconstruction error of members (n, …) without noise."""
        errors = self._map_members(members, lambda x: self._errors(x, None)[0].expand(len(x)))
        return errors.mean().item()

    def _disagreement(self, members: Tensor, labels: Tensor) -> float:
        """Share of members (n, …) that the softmax does not assign to their labels (n,)."""
        assigned = self._map_members(members, self._member_dissimilarity).argmin(dim=1)
        return (assigned != labels).float().mean().item()

    def _member_dissimilarity(self, x: Tensor) -> Tensor:
        return self._dissimilarity(self.network_.encode(x))

    @torch.no_grad()
    def _set_weights(self, training: Training, data: Tensor) -> None:
        """Cluster the latent vectors; normalised centres are the first weights of the softmax."""
        z = self._map_members(data, self.network_.encode)
        if self.start == "kmeans":
            centres, labels = kmeans_start(z.numpy(), self.k, starts=40, seed=self.seed)
        else:
            labels = torch.from_numpy(path_integral_clusters(z.numpy(), self.k))
            centres = torch.stack([z[labels == c].mean(dim=0) for c in range(self.k)])
        self.heads_["weight"].copy_(F.normalize(centres, dim=1))
        training.memory["start_labels"] = labels

    def _update_target(
        self, training: Training, data: Tensor, step: int, row: dict[str, Any]
    ) -> bool:
        """Compute the targets; return whether they have changed less than the tolerance."""
        q = torch.exp(-self._map_members(data, self._member_dissimilarity))
        target = sharpened(q) if self.target == "sharpened" else balanced(q)
        before = training.memory.get("target", target)
        training.memory["target"] = target
        row["changed"] = (target - before).square().mean().item()
        return step > 0 and row["changed"] < self.tolerance
