"""Fitting the auto-encoder of rain maps."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from rainscore.features.dataset import RainMaps
from rainscore.fitting.common import TRAINING, common_card, wet_shares
from rainscore.fitting.training import train
from rainscore.networks.autoencoder import AutoEncoder, AutoEncoderSettings, reconstruction_loss


def rainy_maps(
    paths: Sequence[Path], splits: pd.DataFrame, *, min_wet: float
) -> dict[str, RainMaps]:
    """Maps of the training and of the validation days that are wet enough, by split."""
    shares = wet_shares(paths, splits)
    rainy = shares[shares["wet_share"] >= min_wet]
    return {
        name: RainMaps(paths, rainy.loc[rainy["split"] == name, "time"].to_numpy())
        for name in ("train", "validation")
    }


def fit_autoencoder(
    paths: Sequence[Path],
    splits: pd.DataFrame,
    *,
    settings: dict,
    min_wet: float,
    seed: int,
    checkpoint: Path,
    fingerprint: str,
) -> tuple[AutoEncoder, pd.DataFrame, dict]:
    """Train the auto-encoder on the maps that have enough rain.

    Args:
        paths: Training files.
        splits: Of `period.split_blocks`.
        settings: The configuration's `autoencoder`.
        min_wet: Maps with a smaller wet share are left out.
        seed: Of the weights and of the order of the maps.
        checkpoint: Side file from which a killed training goes on.
        fingerprint: Names code and configuration; another one starts anew.

    Returns:
        The network, its learning curve, and the card of its model file.
    """
    data = rainy_maps(paths, splits, min_wet=min_wet)
    torch.manual_seed(seed)
    size = data["train"].read(np.array([0]))[0].shape[-1]
    model = AutoEncoder(
        AutoEncoderSettings(latent=settings["latent"], width=settings["width"], size=size)
    )
    result = train(
        model,
        reconstruction_loss,
        data["train"],
        data["validation"],
        **{key: settings[key] for key in TRAINING},
        seed=seed,
        checkpoint=checkpoint,
        fingerprint=fingerprint,
    )
    card = {
        "kind": "autoencoder",
        **common_card(paths, splits, network=model.settings, settings=settings, result=result),
        "channels": ["rain"],
        "min_wet": min_wet,
        "maps": {name: len(d) for name, d in data.items()},
    }
    return model, result.curve, card
