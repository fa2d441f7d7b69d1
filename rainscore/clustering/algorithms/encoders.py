"""Auto-encoders of the papers; any network with `encode` and `decode` can replace them.

Weights are initialised uniformly (Glorot and Bengio 2010, AISTATS, "Glorot uniform") and biases
with zero, as in the code of the papers; the default of PyTorch differs.
"""

from dataclasses import asdict, dataclass
from itertools import pairwise
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rainscore.clustering.algorithms.pooled import Summarised, SummarisedSettings
from rainscore.clustering.algorithms.windownet import WindowNet, WindowNetSettings
from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings


def glorot(module: nn.Module) -> None:
    """Initialise every layer of a module with Glorot's uniform weights and zero biases."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


@dataclass(frozen=True)
class MLPSettings:
    """Architecture of an `MLP`.

    Attributes:
        shape: Dims of one member, such as (256,) or (1, 16, 16).
        latent: Length of the latent vector.
        widths: Widths of the hidden layers of the encoder; the decoder mirrors them.
    """

    shape: tuple[int, ...]
    latent: int = 10
    widths: tuple[int, ...] = (500, 500, 2000)


class MLP(nn.Module):
    """Fully connected auto-encoder of IDEC, Deep k-Means and DESOM.

    ReLU after the hidden layers; the latent vector and the output are linear.
    """

    def __init__(self, settings: MLPSettings) -> None:
        super().__init__()
        self.settings = settings
        sizes = [prod(settings.shape), *settings.widths, settings.latent]
        self.down = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.up = nn.ModuleList(nn.Linear(b, a) for a, b in reversed(list(pairwise(sizes))))
        glorot(self)

    def encode(self, x: Tensor) -> Tensor:
        """Latent vectors (B, latent) of members (B, …)."""
        return _chain(self.down, x.flatten(1))

    def decode(self, z: Tensor) -> Tensor:
        """Members (B, …) from latent vectors (B, latent)."""
        return _chain(self.up, z).unflatten(1, self.settings.shape)


def _chain(layers: nn.ModuleList, x: Tensor) -> Tensor:
    """Apply the layers, with ReLU after all but the last."""
    *hidden, last = layers
    for layer in hidden:
        x = F.relu(layer(x))
    return last(x)


@dataclass(frozen=True)
class IdentitySettings:
    """Architecture of an `Identity`: it has no settings."""


@dataclass(frozen=True)
class ConvSettings:
    """Architecture of a `ConvNet` or a `NoisyConvNet`.

    Attributes:
        shape: Channels, rows, columns of one image.
        latent: Length of the latent vector.
        widths: Channels of the convolutions.
        dropouts: Dropout rates of the input and after each convolution (`NoisyConvNet` only).
    """

    shape: tuple[int, int, int]
    latent: int = 10
    widths: tuple[int, ...] = (32, 64, 128)
    dropouts: tuple[float, ...] = ()


class ConvNet(nn.Module):
    """Auto-encoder of DCEC: convolutions with kernels 5, 5, 3 and stride 2, and ReLU.

    The latent vector and the output are linear. Padding is Keras' "same", which is asymmetric at
    stride 2: the additional row is below, the additional column on the right. The third
    convolution is not padded if the number of rows is not divisible by 8.
    """

    kernels = (5, 5, 3)

    def __init__(self, settings: ConvSettings) -> None:
        super().__init__()
        self.settings = settings
        channels = (settings.shape[0], *settings.widths)
        self.sizes, self.pads = [settings.shape[1:]], []
        for i, kernel in enumerate(self.kernels):
            same = i < 2 or settings.shape[1] % 8 == 0
            size = self.sizes[-1]
            self.pads.append([same_padding(n, kernel) if same else (0, 0) for n in size])
            h, w = (
                (n + sum(p) - kernel) // 2 + 1 for n, p in zip(size, self.pads[-1], strict=True)
            )
            self.sizes.append((h, w))
        layers = list(zip(pairwise(channels), self.kernels, strict=True))
        self.down = nn.ModuleList(nn.Conv2d(a, b, k, stride=2) for (a, b), k in layers)
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, k, stride=2) for (a, b), k in layers[::-1])
        self.smallest = (channels[-1], *self.sizes[-1])
        self.to_latent = nn.Linear(prod(self.smallest), settings.latent)
        self.from_latent = nn.Linear(settings.latent, prod(self.smallest))
        glorot(self)

    def encode(self, x: Tensor) -> Tensor:
        """Latent vectors (B, latent) of images (B, C, h, w)."""
        for layer, (rows, columns) in zip(self.down, self.pads, strict=True):
            x = F.relu(layer(F.pad(x, (*columns, *rows))))
        return self.to_latent(x.flatten(1))

    def decode(self, z: Tensor) -> Tensor:
        """Images (B, C, h, w) from latent vectors (B, latent)."""
        x = F.relu(self.from_latent(z)).unflatten(1, self.smallest)
        ways = zip(self.up, self.sizes[-2::-1], self.pads[::-1], strict=True)
        for i, (layer, (h, w), (rows, columns)) in enumerate(ways):
            full = (h + sum(rows), w + sum(columns))
            x = layer(x, output_size=full)[..., rows[0] : rows[0] + h, columns[0] : columns[0] + w]
            if i < len(self.up) - 1:
                x = F.relu(x)
        return x


def same_padding(size: int, kernel: int) -> tuple[int, int]:
    """Padding before and after one axis, as Keras' "same" at stride 2.

    >>> same_padding(16, 5), same_padding(15, 5), same_padding(4, 3)
    ((1, 2), (2, 2), (0, 1))
    """
    total = max((-(-size // 2) - 1) * 2 + kernel - size, 0)
    return total // 2, total - total // 2


class NoisyConvNet(nn.Module):
    """Auto-encoder of DEPICT: two convolutions, with dropout as noise.

    Kernels 4 and 5, stride 2, padding 0 and 2; leaky ReLU of slope 0.01; tanh for the latent vector
    and the output.
    """

    def __init__(self, settings: ConvSettings) -> None:
        super().__init__()
        self.settings = settings
        channels, h, w = settings.shape
        first, second = settings.widths
        size = [((n - 4) // 2 + 1, ((n - 4) // 2) // 2 + 1) for n in (h, w)]
        self.middle = tuple(n for n, _ in size)
        self.down = nn.ModuleList(
            [nn.Conv2d(channels, first, 4, stride=2), nn.Conv2d(first, second, 5, 2, padding=2)]
        )
        self.up = nn.ModuleList(
            [
                nn.ConvTranspose2d(second, first, 5, stride=2, padding=2),
                nn.ConvTranspose2d(first, channels, 4, stride=2),
            ]
        )
        self.smallest = (second, *(n for _, n in size))
        self.to_latent = nn.Linear(prod(self.smallest), settings.latent)
        self.from_latent = nn.Linear(settings.latent, prod(self.smallest))
        glorot(self)

    def layers(self, x: Tensor, noise: torch.Generator | None = None) -> list[Tensor]:
        """Hidden layers, then latent vectors (B, latent).

        Args:
            x: Images, dims (B, C, h, w).
            noise: Random generator for the dropout; None: no dropout.
        """
        rates = (*self.settings.dropouts, 0.0, 0.0, 0.0)
        x, hidden = dropped(x, rates[0], noise), []
        for layer, rate in zip(self.down, rates[1:3], strict=True):
            x = dropped(F.leaky_relu(layer(x), 0.01), rate, noise)
            hidden.append(x)
        return [*hidden, torch.tanh(self.to_latent(x.flatten(1)))]

    def inverse(self, z: Tensor) -> list[Tensor]:
        """Images (B, C, h, w), then hidden layers in the order of `layers`, of z (B, latent)."""
        second = F.leaky_relu(self.from_latent(z), 0.01).unflatten(1, self.smallest)
        first = F.leaky_relu(self.up[0](second, output_size=self.middle), 0.01)
        image = torch.tanh(self.up[1](first, output_size=self.settings.shape[1:]))
        return [image, first, second]

    def encode(self, x: Tensor) -> Tensor:
        """Latent vectors (B, latent) of images (B, C, h, w), without dropout."""
        return self.layers(x)[-1]

    def decode(self, z: Tensor) -> Tensor:
        """Images (B, C, h, w) from latent vectors (B, latent)."""
        return self.inverse(z)[0]


class Identity(nn.Module):
    """Network whose latent vector is the member itself, to cluster vectors directly."""

    settings = IdentitySettings()

    def __init__(self, settings: IdentitySettings = settings) -> None:
        super().__init__()

    def encode(self, x: Tensor) -> Tensor:
        """Return the vectors (B, d) unchanged."""
        return x

    def decode(self, z: Tensor) -> Tensor:
        """Return the vectors (B, d) unchanged."""
        return z


def dropped(x: Tensor, rate: float, noise: torch.Generator | None) -> Tensor:
    """Dropout: set values to zero at a rate, and divide the others by 1 − rate."""
    if noise is None or rate == 0:
        return x
    kept = torch.rand(x.shape, generator=noise, device=x.device) >= rate
    return x * kept / (1 - rate)


NETWORKS: dict[str, tuple[Any, Any]] = {
    "Summarised": (Summarised, SummarisedSettings),
    "MLP": (MLP, MLPSettings),
    "ConvNet": (ConvNet, ConvSettings),
    "NoisyConvNet": (NoisyConvNet, ConvSettings),
    "Identity": (Identity, IdentitySettings),
    "AutoEncoder": (AutoEncoder, AutoEncoderSettings),
    "WindowNet": (WindowNet, WindowNetSettings),
}
"""Network and settings class, by the name of the network in a model file."""


def network_card(network: Any) -> dict:
    """Name and settings of a network, as plain values; `rebuilt` is the inverse."""
    name = type(network).__name__
    return {"name": name, "settings": asdict(network.settings) if name in NETWORKS else None}


def rebuilt(card: dict) -> nn.Module:
    """Build an untrained network from the result of `network_card`.

    Raises:
        ValueError: The network is not in NETWORKS.
    """
    if card["name"] not in NETWORKS:
        raise ValueError(
            f"the model file was trained with a network {card['name']!r} of another project: "
            "pass one of the same architecture as `network`"
        )
    network, settings = NETWORKS[card["name"]]
    # JSON turns tuples into lists.
    values = {k: tuple(x) if isinstance(x, list) else x for k, x in card["settings"].items()}
    return network(settings(**values))
