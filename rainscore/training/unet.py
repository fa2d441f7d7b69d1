"""U-Net that predicts, from IMERG alone, the distribution of the score and hidden rain.

Ronneberger et al. 2015, arXiv:1505.04597; docs/training.md lists the differences.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rainscore.errors import RainscoreError
from rainscore.scores.distribution import MASSES
from rainscore.training.cards import UNetCard
from rainscore.training.channels import CHANNELS, NORMALISATION
from rainscore.training.devices import to_device
from rainscore.training.modelfiles import load_model, restore
from rainscore.training.timecontext import input_channels

MAX_WIDTH, MAX_DEPTH = 1024, 8
"""Largest number of channels and largest depth of a U-Net."""


@dataclass(frozen=True)
class UNetSettings:
    """Architecture of a U-Net.

    Attributes:
        in_channels: Number of input channels.
        width: Channels at full resolution; they double at each level down.
        depth: Number of halvings of the resolution.
        mean, spread: Offset and divisor of each input channel; empty: inputs are not standardised.
    """

    in_channels: int
    width: int = 16
    depth: int = 3
    mean: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        limits = {"in_channels": MAX_WIDTH, "width": MAX_WIDTH, "depth": MAX_DEPTH}
        for name, limit in limits.items():
            if not 1 <= getattr(self, name) <= limit:
                raise ValueError(f"{name} is {getattr(self, name)}, not 1 to {limit}")
        for name in ("mean", "spread"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if {len(self.mean), len(self.spread)} not in ({0}, {self.in_channels}):
            raise ValueError(f"mean and spread must each have {self.in_channels} values, or none")


class Convolution(nn.Conv2d):
    """3 × 3 convolution that continues a map at its edges by its outer pixels.

    Zeros would tell the network where in the map a pixel is, tens of pixels from the edge, and it
    would score by that.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 3)

    def forward(self, input: Tensor) -> Tensor:
        """Convolve maps (B, C, H, W); the result has their size."""
        return F.conv2d(continued(input), self.weight, self.bias)


def continued(maps: Tensor) -> Tensor:
    """Maps (B, C, H, W) with one more pixel on each side, the same as the one at the edge."""
    if torch.compiler.is_compiling():
        # The gradient of F.pad fails in torch.compile if the channels are last in memory.
        maps = torch.cat([maps[:, :, :1], maps, maps[:, :, -1:]], dim=2)
        return torch.cat([maps[..., :1], maps, maps[..., -1:]], dim=3)
    return F.pad(maps, (1, 1, 1, 1), mode="replicate")


class Block(nn.Sequential):
    """Two 3 × 3 convolutions, each followed by SiLU, without normalisation.

    Normalisation over a map would let distant pixels change a score, and would remove the rain
    intensity. Weights start as in He et al. 2015 (doi:10.1109/ICCV.2015.123).
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        convolutions = [Convolution(count, out_channels) for count in (in_channels, out_channels)]
        for convolution in convolutions:
            if not convolution.weight.is_meta:  # built without memory by `modelfiles.restore`
                nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        super().__init__(convolutions[0], nn.SiLU(), convolutions[1], nn.SiLU())


class UNet(nn.Module):
    """U-Net from maps of any size to the distribution of the score and the logit of hidden rain."""

    mean: Tensor
    spread: Tensor

    def __init__(self, settings: UNetSettings) -> None:
        super().__init__()
        self.settings = settings
        count = settings.in_channels
        for name, values in (
            ("mean", settings.mean or (0.0,) * count),
            ("spread", settings.spread or (1.0,) * count),
        ):
            # Not saved with the weights: the settings in the model card hold them.
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)
        widths = [settings.width * 2**i for i in range(settings.depth + 1)]
        self.down = nn.ModuleList(Block(a, b) for a, b in pairwise([settings.in_channels, *widths]))
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairwise(widths))
        self.merge = nn.ModuleList(Block(2 * a, a) for a in widths[:-1])
        self.head = nn.Conv2d(settings.width, MASSES + 1, 1)

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Predict the score of each pixel.

        Args:
            inputs: Channels of `timecontext.input_channels`, (B, C, H, W), without NaN.

        Returns:
            Masses of the score (B, M, H, W) (`scores.distribution`), meant for windows where IMERG
            has rain; logit (B, H, W) of the probability that the radar has rain, meant for
            windows where IMERG has none.

        Raises:
            ValueError: As `features`.
        """
        return self.with_features(inputs)[:2]

    def with_features(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Outputs of `forward`, and the `features` that they are computed from."""
        features = self.features(inputs)
        # The head is computed in float32: bfloat16 resolves scores to about two digits.
        with torch.autocast(features.device.type, enabled=False):
            x = self.head(features.float())
            return torch.softmax(x[:, :MASSES], dim=1), x[:, MASSES], features

    def features(self, inputs: Tensor) -> Tensor:
        """Output of the last level, from which the head predicts each pixel on its own.

        Args:
            inputs: As in `forward`.

        Returns:
            Dims (B, width, H, W).

        Raises:
            ValueError: The map has fewer than 2^(depth − 1) + 1 rows or columns.
        """
        levels, window = self._down_path(inputs)
        x = levels.pop()
        for up, merge in zip(reversed(self.up), reversed(self.merge), strict=True):
            # A transposed convolution would leave a chequerboard pattern on the scores.
            x = F.interpolate(up(x), scale_factor=2.0, mode="bilinear")
            x = merge(torch.cat([levels.pop(), x], dim=1))
        return x[window]

    def bottleneck(self, inputs: Tensor) -> Tensor:
        """Output of the lowest level, repeated for the pixels that it covers.

        Args:
            inputs: As in `forward`.

        Returns:
            Dims (B, width · 2^depth, H, W).

        Raises:
            ValueError: As `features`.
        """
        levels, window = self._down_path(inputs)
        return F.interpolate(levels[-1], scale_factor=2.0**self.settings.depth)[window]

    def _down_path(self, inputs: Tensor) -> tuple[list[Tensor], tuple]:
        """Output of each level of the encoder, and the part of the padded map that is the map."""
        height, width = inputs.shape[-2:]
        x, top, left = self._pad((inputs - self.mean) / self.spread)  # (B, C, H', W')
        levels = []
        for number, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if number else x)
            levels.append(x)
        return levels, (..., slice(top, top + height), slice(left, left + width))

    def _pad(self, x: Tensor) -> tuple[Tensor, int, int]:
        """Pad by reflection to a multiple of 2^depth; also return the rows and columns in front."""
        unit = 2**self.settings.depth
        height, width = x.shape[-2:]
        if min(height, width) <= unit // 2:
            raise ValueError(
                f"a map of {height} × {width} pixels is too small for a U-Net of depth "
                f"{self.settings.depth}: it needs more than {unit // 2} rows and columns"
            )
        rows, columns = -height % unit, -width % unit
        top, left = rows // 2, columns // 2
        if rows or columns:
            x = F.pad(x, (left, columns - left, top, rows - top), mode="reflect")
        return x, top, left


def load_unet(stem: Path) -> tuple[UNet, UNetCard]:
    """Load the U-Net of a model file, and its card.

    Args:
        stem: Path of the model file without extension.

    Raises:
        RainscoreError: A file is missing, the network is no U-Net, or it was trained on other
            channels than those of this version.
        DamagedFile: As in `modelfiles.load_model` and `modelfiles.restore`.
    """
    weights, values = load_model(stem)
    card = UNetCard.from_dict(values, file=f"{stem}.json")
    different = sorted(set(card.channels) ^ set(input_channels(CHANNELS)))
    if card.normalisation != NORMALISATION or different:
        change = ", ".join(different) or "other scales"
        raise RainscoreError(
            f"{stem}.json: it was trained on other channels ({change}); train it again, or use the "
            "version of rainscore that trained it"
        )
    model = restore(lambda: UNet(UNetSettings(**card.settings)), weights, f"{stem}.json")
    return to_device(model.eval(), torch.device("cpu")), card
