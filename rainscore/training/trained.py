"""A trained U-Net with its card and its calibration."""

from dataclasses import dataclass
from pathlib import Path

from rainscore.training.calibration import Calibration, read_calibration
from rainscore.training.cards import UNetCard
from rainscore.training.guard import Guard
from rainscore.training.unet import UNet, load_unet


@dataclass(frozen=True)
class TrainedUNet:
    """A trained and calibrated U-Net.

    Attributes:
        model: Network.
        card: Model card.
        calibration: Calibration of its local intervals and of its map score.
        guard: Description of the training, outside which scores are withheld; None: none are.
    """

    model: UNet
    card: UNetCard
    calibration: Calibration
    guard: Guard | None = None


def load_trained_unet(stem: Path) -> TrainedUNet:
    """Read a U-Net, its calibration and, if it has one, its guard.

    Args:
        stem: Path of the model file without extension.

    Raises:
        RainscoreError: A file is missing, or the network is not a U-Net of this version.
        DamagedFile: Weights, card and calibration do not belong together.
    """
    model, card = load_unet(stem)
    return TrainedUNet(model, card, read_calibration(stem, card), Guard.load(stem, card))
