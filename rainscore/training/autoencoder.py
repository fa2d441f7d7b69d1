"""Convolutional auto-encoder of log-rain maps; its latent vectors are clustered."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rainscore.training.cards import AutoEncoderCard
from rainscore.training.distributed import total_mean
from rainscore.training.modelfiles import load_model, restore

Summary = Literal["invariant", "position"]


@dataclass(frozen=True)
class AutoEncoderSettings:
    """Architecture of an auto-encoder.

    Attributes:
        in_channels: Number of channels of a map.
        latent: Length of the latent vector.
        width: Channels after the first halving; they double at each further one.
        size: Side of the square map.
    """

    in_channels: int = 1
    latent: int = 16
    width: int = 16
    size: int = 100


class AutoEncoder(nn.Module):
    """Four strided convolutions to a latent vector; bilinear interpolation and convolutions back.

    There is no normalisation: it would give a map and its double the same vector. Weights start as
    in He et al. 2015 (doi:10.1109/ICCV.2015.123).
    """

    def __init__(self, settings: AutoEncoderSettings) -> None:
        super().__init__()
        self.settings = settings
        widths = [settings.in_channels, *(settings.width * 2**i for i in range(4))]
        self.sizes = [settings.size]
        for _ in widths[1:]:
            self.sizes.append((self.sizes[-1] + 1) // 2)
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairwise(widths)
        )
        self.up = nn.ModuleList(
            nn.Conv2d(b, max(a, settings.width), 3, padding=1) for a, b in pairwise(widths)
        )
        for convolution in (*self.down, *self.up):
            if not convolution.weight.is_meta:  # built without memory by `modelfiles.restore`
                nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        self.out = nn.Conv2d(settings.width, settings.in_channels, 3, padding=1)
        self.smallest = (widths[-1], self.sizes[-1], self.sizes[-1])
        features = widths[-1] * self.sizes[-1] ** 2
        self.to_latent = nn.Linear(features, settings.latent)
        self.from_latent = nn.Linear(settings.latent, features)

    def encode(self, x: Tensor, summary: Summary = "position") -> Tensor:
        """Vectors that represent maps.

        Args:
            x: Maps, dims (B, C, size, size).
            summary: `position`: latent vectors (B, latent), from which maps can be decoded; they
                depend above all on where the rain is. `invariant`: mean and maximum over the map
                of each channel of the last convolution (B, 16 × width), independent of position.
        """
        features = self.features(x)
        return self.pooled(features) if summary == "invariant" else self.latent(features)

    def features(self, x: Tensor) -> Tensor:
        """Output of the last convolution (B, 8 × width, y, x), of maps (B, C, size, size)."""
        for conv in self.down:
            x = F.silu(conv(x))
        return x

    def pooled(self, features: Tensor) -> Tensor:
        """Invariant summary (B, 16 × width) of features (B, 8 × width, y, x)."""
        return torch.cat([features.mean((2, 3)), features.amax((2, 3))], dim=1)

    def latent(self, features: Tensor) -> Tensor:
        """Latent vectors (B, latent) of features (B, 8 × width, y, x)."""
        return self.to_latent(features.flatten(1))

    def decode(self, z: Tensor) -> Tensor:
        """Maps (B, C, size, size) from latent vectors (B, latent)."""
        x = F.silu(self.from_latent(z)).unflatten(1, self.smallest)
        for conv, size in zip(reversed(self.up), reversed(self.sizes[:-1]), strict=True):
            x = F.silu(F.interpolate(conv(x), size=(size, size), mode="bilinear"))
        return self.out(x)

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruction (B, C, size, size) of maps (B, C, size, size)."""
        return self.decode(self.encode(x))


def reconstruction_loss(model: AutoEncoder, batch: tuple[Tensor, ...]) -> Tensor:
    """Mean squared error of the reconstruction of a batch of `dataset.RainMaps`."""
    (rain,) = batch  # (B, 1, H, W)
    error = (model(rain).float() - rain) ** 2
    return total_mean(error.flatten())


def load_autoencoder(stem: Path) -> tuple[AutoEncoder, AutoEncoderCard]:
    """Load the auto-encoder of a model file, and its card.

    Args:
        stem: Path of the model file without extension.

    Raises:
        RainscoreError: A file is missing, or the network is no auto-encoder.
        DamagedFile: As in `modelfiles.load_model` and `modelfiles.restore`.
    """
    weights, values = load_model(stem)
    card = AutoEncoderCard.from_dict(values, file=f"{stem}.json")
    model = restore(
        lambda: AutoEncoder(AutoEncoderSettings(**card.settings)), weights, f"{stem}.json"
    )
    return model.eval(), card
