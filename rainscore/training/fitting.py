"""Training of the auto-encoder and of the U-Net on the training files of a run."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd
import torch

from rainscore.grids import Domain
from rainscore.times import times_of
from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings
from rainscore.training.cards import AutoEncoderCard, ModelCard, UNetCard
from rainscore.training.channels import CHANNELS, NORMALISATION
from rainscore.training.checkpoint import Checkpoint, file_digest
from rainscore.training.dataset import ScoreMaps, rainy_maps
from rainscore.training.earlystopping import TrainingResult, train
from rainscore.training.features import learning_grid, score_settings
from rainscore.training.losses import reconstruction_loss, unet_loss
from rainscore.training.settings import AutoEncoderConfig, UNetConfig
from rainscore.training.timecontext import input_channels, unavailable_channels
from rainscore.training.unet import UNet, UNetSettings
from rainscore.training.variants import VARIANTS, Variant, variant_pixels

STATISTICS_MAPS = 200
"""Number of maps from which the statistics of the channels are computed."""


MIN_SPREAD = 0.1
"""Minimum divisor of a channel: one that hardly varies here may vary elsewhere on Earth."""


Network = TypeVar("Network", AutoEncoder, UNet)


Card = TypeVar("Card", bound=ModelCard)


@dataclass(frozen=True)
class Trained(Generic[Network, Card]):
    """A trained network.

    Attributes:
        model: The network, with its best weights.
        curve: Learning curve (`loop.TrainingResult.curve`).
        card: Its model card, without code digests.
    """

    model: Network
    curve: pd.DataFrame
    card: Card


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
        **_common_entries(paths, splits, result),
        settings=asdict(model.settings),
        training=asdict(config),
        channels=("rain",),
        min_wet=min_wet,
        maps={name: len(maps) for name, maps in data.items()},
    )
    return Trained(model, result.curve, card)


def fit_unet(
    paths: Sequence[Path],
    splits: pd.DataFrame,
    config: UNetConfig,
    *,
    domain: Domain,
    run: str,
    variant: str = "",
    seed: int,
    checkpoint: Checkpoint,
) -> Trained[UNet, UNetCard]:
    """Train the U-Net, or a variant of it; the validation days decide when to stop.

    Args:
        paths: Training files.
        splits: Table of `splits.split_blocks`; `attrs["versions"]` names the IMERG versions.
        config: Section `unet` of the configuration.
        domain: Section `domain` of the configuration.
        run: IMERG run; channels that it does not provide are masked.
        variant: Key of `variants.VARIANTS`; empty for the U-Net of the run.
        seed: Random seed for initialisation, shuffling and context dropout.
        checkpoint: Side file from which an interrupted training resumes.

    Raises:
        RainscoreError: The period has too few days for the variant.
    """
    chosen = VARIANTS[variant] if variant else Variant()
    splits = chosen.splits(splits)
    hidden = tuple(sorted({*unavailable_channels(run), *chosen.hidden}))
    pixels = variant_pixels(chosen, paths[0], evaluation=False)

    def maps(split: str, context_dropout: float = 0.0) -> ScoreMaps:
        return ScoreMaps(
            paths,
            times_of(splits, split),
            hidden=hidden,
            pixels=pixels,
            context_dropout=context_dropout,
            seed=seed,
        )

    training = maps("train", config.context_dropout)
    mean, spread = channel_statistics(training)
    torch.manual_seed(seed)
    model = UNet(
        UNetSettings(
            len(input_channels(CHANNELS)),
            width=config.width,
            depth=config.depth,
            mean=mean,
            spread=spread,
        )
    )
    result = train(
        model,
        unet_loss,
        training,
        maps("validation"),
        config.training(seed),
        checkpoint=checkpoint,
    )
    card = UNetCard(
        **_common_entries(paths, splits, result),
        settings=asdict(model.settings),
        training=asdict(config),
        channels=tuple(input_channels(CHANNELS)),
        hidden=hidden,
        maps={
            name: int((splits["split"] == name).sum())
            for name in ("train", "validation", "calibration", "test")
        },
        variant=variant,
        run=run,
        domain=domain,
    )
    return Trained(model, result.curve, card)


def channel_statistics(data: ScoreMaps) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and divisor of each channel where IMERG has rain in the window.

    They are computed from STATISTICS_MAPS maps, evenly spaced in time. The divisor is the standard
    deviation, but at least MIN_SPREAD; a constant channel is divided by 1.
    """
    rows = np.unique(np.linspace(0, len(data) - 1, STATISTICS_MAPS).round().astype(int))
    inputs, _, wet, _ = data.read(rows)
    values = inputs.movedim(1, 0)[:, wet].double()  # (C, wet pixels)
    if not values.shape[1]:
        return (0.0,) * len(values), (1.0,) * len(values)
    deviation = values.std(dim=1, correction=0)
    spread = torch.where(deviation > 0, deviation.clamp(min=MIN_SPREAD), 1.0)
    return tuple(values.mean(dim=1).tolist()), tuple(spread.tolist())


def _common_entries(
    paths: Sequence[Path], splits: pd.DataFrame, result: TrainingResult
) -> dict[str, Any]:
    """Entries that the cards of all networks share."""
    return {
        "normalisation": NORMALISATION,
        "grid": learning_grid(paths[0]),
        "score": score_settings(paths[0]),
        "versions": tuple(splits.attrs.get("versions", "").split()),
        "splits": {
            str(name): sorted(part["time"].dt.strftime("%Y-%m-%d").unique())
            for name, part in splits.groupby("split")
        },
        "data_sha256": {Path(path).name: file_digest(path) for path in sorted(paths)},
        "best_epoch": result.best_epoch,
        "best_loss": result.best_loss,
    }
