"""Training of the U-Net, or of a variant of it, on the training files of a run."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from rainscore.grids import Domain
from rainscore.times import times_of
from rainscore.training.cards import UNetCard
from rainscore.training.channels import CHANNELS
from rainscore.training.checkpoint import Checkpoint
from rainscore.training.dataset import ScoreMaps
from rainscore.training.earlystopping import train
from rainscore.training.fitting import Trained, common_entries
from rainscore.training.losses import unet_loss
from rainscore.training.settings import UNetConfig
from rainscore.training.timecontext import input_channels, unavailable_channels
from rainscore.training.unet import UNet, UNetSettings
from rainscore.training.variants import VARIANTS, Variant, variant_pixels

STATISTICS_MAPS = 200
"""Number of maps from which the statistics of the channels are computed."""


MIN_SPREAD = 0.1
"""Minimum divisor of a channel: one that hardly varies here may vary elsewhere on Earth."""


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
    seed += chosen.seed
    splits = chosen.splits(splits)
    hidden = tuple(sorted({*unavailable_channels(run), *chosen.hidden}))
    pixels = variant_pixels(chosen, paths[0], evaluation=False)

    def maps(split: str, context_dropout: float = 0.0, input_dropout: float = 0.0) -> ScoreMaps:
        return ScoreMaps(
            paths,
            times_of(splits, split),
            hidden=hidden,
            pixels=pixels,
            context_dropout=context_dropout,
            input_dropout=input_dropout,
            seed=seed,
        )

    training = maps("train", config.context_dropout, config.input_dropout)
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
        **common_entries(paths, splits, result),
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
