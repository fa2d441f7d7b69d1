"""The run's auto-encoder as the clusterers see it: a summary of each map, in fixed units."""

from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings, Summary


@dataclass(frozen=True)
class SummarisedSettings:
    """What rebuilds a `Summarised`.

    Attributes:
        inner: Settings of the auto-encoder, as plain values.
        summary: What stands for a map, of `AutoEncoder.encode`.
        taken: Numbers of the summary.
        given: Numbers of the vector that is clustered.
    """

    inner: dict[str, Any]
    summary: Summary
    taken: int
    given: int


class Summarised(nn.Module):
    """An auto-encoder whose summaries are clustered, shifted, turned and scaled.

    The clustering losses compare distances with fixed lengths, such as the one degree of freedom
    of Student's t: the unit of a summary must not be an accident of the training. A summary that
    is longer than the latent vector is standardised number by number and turned onto as many of
    its principal components (or as there are maps to find them); one that is not is standardised
    only. On the maps that it was made
    from, the numbers given have a mean square of 1. Maps are rebuilt from the latent vector, so the
    network learns from both.
    """

    mean: Tensor
    axes: Tensor

    def __init__(self, settings: SummarisedSettings, inner: AutoEncoder | None = None) -> None:
        super().__init__()
        self.settings = settings
        self.inner = AutoEncoder(AutoEncoderSettings(**settings.inner)) if inner is None else inner
        self.register_buffer("mean", torch.zeros(settings.taken))
        self.register_buffer("axes", torch.zeros(settings.taken, settings.given))

    @classmethod
    def of(cls, inner: AutoEncoder, summaries: Tensor, summary: Summary) -> Self:
        """Wrap an auto-encoder for maps whose summaries are (n, taken)."""
        taken, latent = summaries.shape[1], inner.settings.latent
        # Six maps have five components.
        given = taken if taken <= latent else max(min(latent, len(summaries) - 1), 1)
        settings = SummarisedSettings(vars(inner.settings), summary, taken, given)
        network = cls(settings, inner)
        network.mean.copy_(summaries.mean(dim=0))
        scale = summaries.std(dim=0).clamp_min(1e-6)
        axes = torch.eye(taken)
        if taken > latent:
            scaled = ((summaries - network.mean) / scale).double()
            _, strength, turned = torch.linalg.svd(scaled, full_matrices=False)
            unit = (strength[:given].square().sum() / (len(summaries) * given)).sqrt()
            axes = (turned[:given].T / unit.clamp_min(1e-6)).float()
        network.axes.copy_(axes / scale[:, None])
        return network

    def encode(self, x: Tensor) -> Tensor:
        """Vectors (B, given) of maps (B, 1, y, x)."""
        return self._vectors(self.inner.features(x))

    def through(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The vectors of maps, and the maps as the auto-encoder rebuilds them."""
        features = self.inner.features(x)
        return self._vectors(features), self.inner.decode(self.inner.latent(features))

    def decode(self, z: Tensor) -> Tensor:
        """Maps (B, 1, y, x) of vectors (B, given).

        Raises:
            ValueError: The summary is invariant: where its rain lies is not in it.
        """
        if self.settings.summary == "invariant":
            raise ValueError("an invariant summary cannot be decoded; see clustering.summary")
        return self.inner.decode(z / self.axes.diagonal() + self.mean)

    def _vectors(self, features: Tensor) -> Tensor:
        inner = self.inner
        invariant = self.settings.summary == "invariant"
        summaries = inner.pooled(features) if invariant else inner.latent(features)
        return (summaries - self.mean) @ self.axes


def through(network: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    """Vectors (B, L) of members (B, …) that are clustered, and the members as they are rebuilt."""
    if hasattr(network, "through"):
        return network.through(x)
    z = network.encode(x)
    return z, network.decode(z)
