"""Convolutional auto-encoder of windows with a latent map."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class WindowNetSettings:
    """Architecture of a `WindowNet`.

    Attributes:
        channels: Number of channels of a window.
        latent: Length of the latent vector of a window.
        width: Channels after the first convolution.
    """

    channels: int
    latent: int = 16
    width: int = 16


class WindowNet(nn.Module):
    """Auto-encoder of windows of 13 × 13 pixels by convolutions without padding.

    The kernels 5 (stride 2), 3 and 3 turn a window into one vector, from which the transposed
    convolutions rebuild it. On a larger map the same weights give a latent map: one vector every
    two pixels, each of its own window (`latent_map`). SiLU between the layers; the latent vector
    and the output are linear. Weights start as in He et al. 2015 (doi:10.1109/ICCV.2015.123).
    """

    def __init__(self, settings: WindowNetSettings) -> None:
        super().__init__()
        self.settings = settings
        widths = [settings.channels, *(settings.width * 2**i for i in range(3))]
        layers = list(zip(widths[:-1], widths[1:], (5, 3, 3), (2, 1, 1), strict=True))
        self.down = nn.ModuleList(nn.Conv2d(a, b, k, stride=s) for a, b, k, s in layers)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(b, a, k, stride=s) for a, b, k, s in layers[::-1]
        )
        self.to_latent = nn.Conv2d(widths[-1], settings.latent, 1)
        self.from_latent = nn.Linear(settings.latent, widths[-1])
        for layer in (*self.down, *self.up):
            if not layer.weight.is_meta:  # built without memory by `modelfiles.restore`
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")

    def latent_map(self, x: Tensor) -> Tensor:
        """Latent map (B, latent, y, x) of maps (B, C, …): the vectors of their windows."""
        for convolution in self.down:
            x = F.silu(convolution(x))
        return self.to_latent(x)

    def encode(self, x: Tensor) -> Tensor:
        """Latent vectors (B, latent) of windows (B, C, 13, 13)."""
        return self.latent_map(x)[:, :, 0, 0]

    def decode(self, z: Tensor) -> Tensor:
        """Windows (B, C, 13, 13) of latent vectors (B, latent)."""
        x = F.silu(self.from_latent(z))[:, :, None, None]
        for number, layer in enumerate(self.up, 1):
            x = layer(x)
            x = F.silu(x) if number < len(self.up) else x
        return x

    def rebuilt(self, x: Tensor) -> Tensor:
        """Reconstructions of windows (B, C, 13, 13)."""
        return self.decode(self.encode(x))

    @torch.no_grad()
    def set_scale(self, z: Tensor) -> None:
        """Move and scale the latent space so that these vectors have mean 0 and mean square 1.

        Clustering losses compare distances with fixed lengths. Ratios of distances and the
        reconstructions do not change.

        Args:
            z: Latent vectors, dims (n, latent).
        """
        mean = z.mean(dim=0)
        scale = (z - mean).square().mean().sqrt().clamp_min(1e-6)
        to, back = self.to_latent, self.from_latent
        back.bias.add_(back.weight @ mean)
        back.weight.mul_(scale)
        to.weight.div_(scale)
        if to.bias is not None:
            to.bias.sub_(mean).div_(scale)
