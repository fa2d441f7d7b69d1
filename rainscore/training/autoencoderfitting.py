"""Training of the auto-encoder on the training files of a run."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings, reconstruction_loss
from rainscore.training.cards import AutoEncoderCard
from rainscore.training.checkpoint import Checkpoint
from rainscore.training.dataset import rainy_maps
from rainscore.training.earlystopping import train
from rainscore.training.fitting import Trained, common_entries
from rainscore.training.settings import AutoEncoderConfig


def fit_autoencoder(
    paths: Sequence[Path],
    splits: pd.DataFrame,
    config: AutoEncoderConfig,
    *,
    min_wet: float,
    seed: int,
    checkpoint: Checkpoint,
) -> Trained[AutoEncoder, AutoEncoderCard]:
    """Train the auto-encoder on the maps with enough rain.

    Args:
        paths: Training files.
        splits: Table of `splits.split_blocks`; `attrs["versions"]` names the IMERG versions.
        config: Section `autoencoder` of the configuration.
        min_wet: Minimum wet share of a map.
        seed: Random seed for initialisation and shuffling.
        checkpoint: Side file from which an interrupted training resumes.
    """
    data = rainy_maps(paths, splits, min_wet=min_wet)
    torch.manual_seed(seed)
    size = data["train"].read(np.array([0]))[0].shape[-1]
    model = AutoEncoder(
        AutoEncoderSettings(latent=config.latent_size, width=config.width, size=size)
    )
    result = train(
        model,
        reconstruction_loss,
        data["train"],
        data["validation"],
        config.training(seed),
        checkpoint=checkpoint,
    )
    card = AutoEncoderCard(
        **common_entries(paths, splits, result),
        settings=asdict(model.settings),
        training=asdict(config),
        channels=("rain",),
        min_wet=min_wet,
        maps={name: len(maps) for name, maps in data.items()},
    )
    return Trained(model, result.curve, card)
