"""Classical clustering of the latent vectors of an auto-encoder trained beforehand.

k-means (Lloyd 1982, doi:10.1109/TIT.1982.1056489), agglomerative clustering (Ward 1963,
doi:10.1080/01621459.1963.10500845), Gaussian mixtures (Dempster, Laird and Rubin 1977,
doi:10.1111/j.2517-6161.1977.tb01600.x) and self-organising maps (Kohonen 1990,
doi:10.1109/5.58325).
"""

from dataclasses import dataclass
from math import log, pi
from typing import Literal

import numpy as np
import torch
from sklearn.cluster import AgglomerativeClustering
from sklearn.mixture import GaussianMixture
from torch import Tensor, nn

from rainscore.clustering.algorithms.base import DeepClusterer
from rainscore.clustering.algorithms.encoders import MLP, MLPSettings
from rainscore.clustering.algorithms.pathintegral import path_integral_clusters
from rainscore.clustering.algorithms.som import SelfOrganisingMap
from rainscore.clustering.algorithms.starts import autoencoder_phase, kmeans_start
from rainscore.training.loop import Phase, Training


@dataclass(eq=False, repr=False, kw_only=True)
class LatentClusterer(DeepClusterer):
    """Base class: an auto-encoder is trained, then its latent vectors are clustered.

    To cluster vectors without a network, pass `network=encoders.Identity()` and
    `pretrain_epochs=0`.

    Args:
        pretrain_epochs: Number of epochs of the auto-encoder.
        **others: Parameters of `DeepClusterer`.
    """

    pretrain_epochs: int = 200

    def _clusters(self, z: np.ndarray) -> tuple[dict[str, Tensor], np.ndarray]:
        """Heads for `_dissimilarity`, one row per cluster, and labels (n,) of vectors (n, L)."""
        raise NotImplementedError

    def _default_network(self, shape: tuple[int, ...]) -> nn.Module:
        return MLP(MLPSettings(shape))

    def _heads(self, latent: int) -> dict[str, Tensor]:
        return {}

    def _phases(self, training: Training, data: Tensor) -> list[Phase]:
        if not self.pretrain_epochs:  # the network may have no parameters to train
            return []
        batches = self._batches(data, "shuffled", 0)
        return [autoencoder_phase(self.network_, batches, self.pretrain_epochs)]

    def _conclude(self, training: Training, data: Tensor) -> np.ndarray:
        z = self._map_members(data, self.network_.encode).numpy()
        heads, labels = self._clusters(z)
        fixed = {name: nn.Parameter(x, requires_grad=False) for name, x in heads.items()}
        self.heads_ = nn.ParameterDict(fixed).to(training.device)
        return labels


@dataclass(eq=False, repr=False, kw_only=True)
class LatentKMeans(LatentClusterer):
    """k-means of the latent vectors, with 20 initialisations; the reference of the joint methods.

    Args:
        k: Number of clusters.
        **others: Parameters of `LatentClusterer`.
    """

    k: int

    def _clusters(self, z: np.ndarray) -> tuple[dict[str, Tensor], np.ndarray]:
        centres, labels = kmeans_start(z, self.k, starts=20, seed=self.seed)
        return {"centres": centres}, labels.numpy()


@dataclass(eq=False, repr=False, kw_only=True)
class LatentAgglomerative(LatentClusterer):
    """Agglomerative clustering; `predict` assigns members to the cluster with the nearest mean.

    Memory is proportional to the square of the number of members: 35 000 need 5 GB.

    Args:
        k: Number of clusters.
        linkage: `ward`, or `path integral` (module `pathintegral`).
        **others: Parameters of `LatentClusterer`.
    """

    k: int
    linkage: Literal["ward", "path integral"] = "ward"

    def _clusters(self, z: np.ndarray) -> tuple[dict[str, Tensor], np.ndarray]:
        if self.linkage == "ward":
            labels = AgglomerativeClustering(self.k).fit_predict(z)
        else:
            labels = path_integral_clusters(z, self.k)
        centres = np.stack([z[labels == c].mean(axis=0) for c in range(self.k)])
        return {"centres": torch.from_numpy(centres)}, labels


@dataclass(eq=False, repr=False, kw_only=True)
class LatentMixture(LatentClusterer):
    """Gaussian mixture with full covariances and 5 initialisations.

    The dissimilarity to a cluster is −log(weight · density).

    Args:
        k: Number of clusters.
        **others: Parameters of `LatentClusterer`.
    """

    k: int

    def _clusters(self, z: np.ndarray) -> tuple[dict[str, Tensor], np.ndarray]:
        model = GaussianMixture(self.k, n_init=5, random_state=self.seed, reg_covar=1e-5)
        labels = model.fit_predict(z.astype(np.float64))
        arrays = {"means": model.means_, "factors": model.precisions_cholesky_}
        heads = {name: torch.from_numpy(x.astype(np.float32)) for name, x in arrays.items()}
        return {**heads, "weights": torch.from_numpy(model.weights_.astype(np.float32))}, labels

    def _dissimilarity(self, z: Tensor) -> Tensor:
        factors = self.heads_["factors"]
        scaled = torch.einsum("bkl,klm->bkm", z[:, None] - self.heads_["means"], factors)
        determinant = factors.diagonal(dim1=1, dim2=2).log().sum(dim=1)
        constant = determinant + self.heads_["weights"].log() - z.shape[1] * log(2 * pi) / 2
        return scaled.square().sum(dim=2) / 2 - constant


@dataclass(eq=False, repr=False, kw_only=True)
class LatentMap(LatentClusterer):
    """Self-organising map of the latent vectors (`som.SelfOrganisingMap`); a cluster is a unit.

    Args:
        rows, columns: Size of the map.
        **others: Parameters of `LatentClusterer`.
    """

    rows: int = 8
    columns: int = 8

    def _clusters(self, z: np.ndarray) -> tuple[dict[str, Tensor], np.ndarray]:
        fitted = SelfOrganisingMap(self.rows, self.columns, seed=self.seed).fit(z)
        return {"centres": torch.from_numpy(fitted.units_.astype(np.float32))}, fitted.labels_
