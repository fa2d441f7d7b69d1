"""k-means in the latent space of the auto-encoder: the method that the joint ones must beat."""

import numpy as np
from sklearn.cluster import KMeans


class KMeansClusters:
    """k-means (Lloyd 1982, doi:10.1109/TIT.1982.1056489) on standardised latent vectors.

    Args:
        k: Number of clusters.
        seed: Of the k-means++ starts.

    Attributes:
        centres_: Dims (k, latent), in standardised units, ordered by the size of their cluster.
        mean_, scale_: Dims (latent,), of the fitted vectors.
    """

    def __init__(self, k: int, seed: int) -> None:
        self.k = k
        self.seed = seed

    def fit(self, latents: np.ndarray) -> "KMeansClusters":
        """Find the centres.

        Args:
            latents: Dims (map, latent), finite.

        Raises:
            ValueError: There are fewer maps than clusters.
        """
        if len(latents) < self.k:
            raise ValueError(
                f"{len(latents)} maps have enough rain, fewer than clusters.k = {self.k}: "
                "take a longer period, a smaller clusters.min_wet or fewer clusters"
            )
        self.mean_ = latents.mean(axis=0)
        self.scale_ = np.maximum(latents.std(axis=0), 1e-6)
        model = KMeans(self.k, n_init=20, random_state=self.seed)
        labels = model.fit_predict((latents - self.mean_) / self.scale_)
        order = np.argsort(-np.bincount(labels, minlength=self.k), kind="stable")
        self.centres_ = model.cluster_centers_[order].astype(np.float32)
        return self

    def transform(self, latents: np.ndarray) -> np.ndarray:
        """Distance of each map to each centre, dims (map, k), in standardised units."""
        z = (latents - self.mean_) / self.scale_
        return np.linalg.norm(z[:, None, :] - self.centres_[None], axis=2)

    def predict(self, latents: np.ndarray) -> np.ndarray:
        """Cluster of each map, dims (map,), 0 is the largest."""
        return self.transform(latents).argmin(axis=1)

    def arrays(self) -> dict[str, np.ndarray]:
        """What `from_arrays` needs to build the clusterer again."""
        return {
            "centres": self.centres_,
            "mean": self.mean_.astype(np.float32),
            "scale": self.scale_.astype(np.float32),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> "KMeansClusters":
        """Build a fitted clusterer from the arrays of a model file."""
        clusterer = cls(k=len(arrays["centres"]), seed=0)
        clusterer.centres_ = arrays["centres"]
        clusterer.mean_, clusterer.scale_ = arrays["mean"], arrays["scale"]
        return clusterer
