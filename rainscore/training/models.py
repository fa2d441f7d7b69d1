"""The U-Net of a model file."""

from pathlib import Path

import torch

from rainscore.errors import RainscoreError
from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings
from rainscore.training.channels import NORMALISATION
from rainscore.training.devices import move
from rainscore.training.modelfiles import load_model
from rainscore.training.unet import UNet, UNetSettings


def load_unet(stem: Path) -> tuple[UNet, dict]:
    """The U-Net of a model file, and its card.

    Raises:
        RainscoreError: A file is missing, the network is none of these, or it was trained on
            otherwise scaled channels.
        DamagedFile: As `load_model`.
    """
    weights, card = load_model(stem)
    if card.get("kind") != "unet":
        raise RainscoreError(f"{stem}.json: it is no U-Net ({card.get('kind')}); give one's path")
    if card.get("normalisation") != NORMALISATION:
        raise RainscoreError(
            f"{stem}.json: trained on channels that were scaled otherwise than this version scales "
            "them; train it again, or score with the version that trained it"
        )
    model = UNet(UNetSettings(**card["settings"]))
    model.load_state_dict(weights)
    return move(model.eval(), torch.device("cpu")), card


def load_autoencoder(stem: Path) -> tuple[AutoEncoder, dict]:
    """The auto-encoder of a model file, and its card."""
    weights, card = load_model(stem)
    model = AutoEncoder(AutoEncoderSettings(**card["settings"]))
    model.load_state_dict(weights)
    return model.eval(), card
