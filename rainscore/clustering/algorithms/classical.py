"""Classical clusterings of the latent vectors of an auto-encoder that was trained on its own."""

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
from rainscore.clustering.algorithms.phases import Phase, Run
from rainscore.clustering.algorithms.som import SelfOrganisingMap
from rainscore.clustering.algorithms.starts import autoencoder_phase, kmeans_start


@dataclass(eq=False, repr=False, kw_only=True)
class LatentClusterer(DeepClusterer):
    """An auto-encoder, then clusters of its latent vectors; the network does not learn from them.

    To cluster vectors as they are, pass `network=encoders.Identity()` and `pretrain_epochs=0`.

    Args:
        pretrain_epochs: Of the auto-encoder.
        **others: Of `DeepClusterer`.
    """

    pretrain_epochs: int = 200

    def _clusters(self, z: np.ndarray) -> tuple[dict[str, Tensor], np.ndarray]:
        """What `_dissimilarity` needs, one row a cluster, and the labels (n,) of vectors (n, L)."""
        raise NotImplementedError

    def _default_network(self, shape: tuple[int, ...]) -> nn.Module:
        return MLP(MLPSettings(shape))

    def _heads(self, latent: int) -> dict[str, Tensor]:
        return {}

    def _phases(self, run: Run) -> list[Phase]:
        # A network without parameters cannot be trained.
        return [autoencoder_phase(run, self.network_, self.pretrain_epochs)][: self.pretrain_epochs]

    def _conclude(self, run: Run) -> np.ndarray:
        z = self._through(run.data, self.network_.encode).numpy()
        heads, labels = self._clusters(z)
        fixed = {name: nn.Parameter(x, requires_grad=False) for name, x in heads.items()}
        self.heads_ = nn.ParameterDict(fixed).to(run.place)
        return labels


@dataclass(eq=False, repr=False, kw_only=True)
class LatentKMeans(LatentClusterer):
    """k-means, 20 starts, on latent vectors as they are; what the joint methods must beat.

    Args:
        k: Number of clusters.
        **others: Of `LatentClusterer`.
    """

    k: int

    def _clusters(self, z: np.ndarray) -> tuple[dict[str, Tensor], np.ndarray]:
        centres, labels = kmeans_start(z, self.k, starts=20, seed=self.seed)
        return {"centres": centres}, labels.numpy()


@dataclass(eq=False, repr=False, kw_only=True)
class LatentAgglomerative(LatentClusterer):
    """Agglomerative clustering; a new member goes to the cluster with the nearest mean.

    Memory grows with the square of the members: 35 000 need 5 GB.

    Args:
        k: Number of clusters.
        linkage: `ward`, or `path integral` on the graph of neighbours.
        **others: Of `LatentClusterer`.
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
    """Gaussian mixture, full covariances, 5 starts; `transform` gives −log of the joint density.

    Args:
        k: Number of clusters.
        **others: Of `LatentClusterer`.
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
    """Plain self-organising map; a cluster is a unit.

    Args:
        rows, columns: Of the map.
        **others: Of `LatentClusterer`.
    """

    rows: int = 8
    columns: int = 8

    def _clusters(self, z: np.ndarray) -> tuple[dict[str, Tensor], np.ndarray]:
        fitted = SelfOrganisingMap(self.rows, self.columns, seed=self.seed).fit(z)
        return {"centres": torch.from_numpy(fitted.units_.astype(np.float32))}, fitted.labels_
