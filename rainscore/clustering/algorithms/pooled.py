"""Auto-encoder of the run with standardised summaries of maps, as the clusterers use it."""

from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings, Summary


@dataclass(frozen=True)
class SummarisedSettings:
    """Architecture of a `Summarised` network.

    Attributes:
        inner: Settings of the auto-encoder, as plain values.
        summary: Summary that represents a map (`AutoEncoder.encode`).
        summary_size: Length of the summary.
        vector_size: Length of the vector that is clustered.
    """

    inner: dict[str, Any]
    summary: Summary
    summary_size: int
    vector_size: int


class Summarised(nn.Module):
    """Auto-encoder with standardised summaries, which are clustered.

    Clustering losses compare distances with fixed lengths, such as the one degree of freedom of
    Student's t; therefore the scale of the vectors must not depend on the training. Each number of
    the summary is standardised. A summary longer than the latent vector is then projected on its
    principal components, as many as the latent vector has numbers (or as the maps determine). On
    the maps of `fit` the vectors have a mean square of 1. Maps are reconstructed from the latent
    vector of the auto-encoder.
    """

    mean: Tensor
    axes: Tensor

    def __init__(self, settings: SummarisedSettings, inner: AutoEncoder | None = None) -> None:
        super().__init__()
        self.settings = settings
        self.inner = AutoEncoder(AutoEncoderSettings(**settings.inner)) if inner is None else inner
        self.register_buffer("mean", torch.zeros(settings.summary_size))
        self.register_buffer("axes", torch.zeros(settings.summary_size, settings.vector_size))

    @classmethod
    def fit(cls, autoencoder: AutoEncoder, summaries: Tensor, summary: Summary) -> Self:
        """Wrap an auto-encoder.

        Args:
            autoencoder: Auto-encoder; it is not copied.
            summaries: Summaries of the maps that determine the scale, dims (n, summary_size).
            summary: Name of the summary.
        """
        size, latent = summaries.shape[1], autoencoder.settings.latent
        # n maps determine n − 1 components.
        count = size if size <= latent else max(min(latent, len(summaries) - 1), 1)
        settings = SummarisedSettings(vars(autoencoder.settings), summary, size, count)
        network = cls(settings, autoencoder)
        network.mean.copy_(summaries.mean(dim=0))
        scale = summaries.std(dim=0).clamp_min(1e-6)
        axes = torch.eye(size)
        if size > latent:
            scaled = ((summaries - network.mean) / scale).double()
            _, strength, components = torch.linalg.svd(scaled, full_matrices=False)
            unit = (strength[:count].square().sum() / (len(summaries) * count)).sqrt()
            axes = (components[:count].T / unit.clamp_min(1e-6)).float()
        network.axes.copy_(axes / scale[:, None])
        return network

    def encode(self, x: Tensor) -> Tensor:
        """Vectors (B, vector_size) of maps (B, 1, y, x)."""
        return self._vectors(self.inner.features(x))

    def encode_and_decode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors (B, vector_size) and reconstructions (B, 1, y, x) of maps (B, 1, y, x)."""
        features = self.inner.features(x)
        decoded = self.inner.decode(self.inner.latent(features))
        return self._vectors(features), decoded

    def decode(self, z: Tensor) -> Tensor:
        """Maps (B, 1, y, x) of vectors (B, vector_size).

        Raises:
            ValueError: The summary is invariant to position and cannot be decoded.
        """
        if self.settings.summary == "invariant":
            raise ValueError("an invariant summary cannot be decoded; see clustering.summary")
        return self.inner.decode(z / self.axes.diagonal() + self.mean)

    def _vectors(self, features: Tensor) -> Tensor:
        invariant = self.settings.summary == "invariant"
        summaries = self.inner.pooled(features) if invariant else self.inner.latent(features)
        return (summaries - self.mean) @ self.axes


def encode_and_decode(network: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    """Latent vectors (B, L) and reconstructions (B, …) of members (B, …)."""
    if isinstance(network, Summarised):
        return network.encode_and_decode(x)
    z = network.encode(x)
    return z, network.decode(z)
