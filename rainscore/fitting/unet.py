"""Fitting the U-Net that predicts the score."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from rainscore.features.channels import CHANNELS
from rainscore.features.dataset import ScoreMaps, input_channels
from rainscore.fitting.common import TRAINING, common_card
from rainscore.fitting.training import train
from rainscore.networks.unet import UNet, UNetSettings, unet_loss

STATISTICS_MAPS = 200
"""Maps that the statistics of the channels are taken from."""

SMALLEST_SPREAD = 0.1
"""A channel that hardly varies is not blown up: elsewhere on Earth it may."""


def channel_statistics(data: ScoreMaps) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel where IMERG has rain in the window.

    Of STATISTICS_MAPS maps, evenly chosen. A channel that is the same everywhere has the spread 1,
    any other at least SMALLEST_SPREAD.
    """
    rows = np.unique(np.linspace(0, len(data) - 1, STATISTICS_MAPS).round().astype(int))
    inputs, _, wet, _ = data.read(rows)
    values = inputs.movedim(1, 0)[:, wet].double()
    if not values.shape[1]:
        return (0.0,) * len(values), (1.0,) * len(values)
    found = values.std(dim=1, correction=0)
    spread = torch.where(found > 0, found.clamp(min=SMALLEST_SPREAD), 1.0)
    return tuple(values.mean(dim=1).tolist()), tuple(spread.tolist())


def fit_unet(
    paths: Sequence[Path],
    splits: pd.DataFrame,
    *,
    settings: dict,
    hidden: Sequence[str] = (),
    pixels: np.ndarray | None = None,
    seed: int,
    checkpoint: Path,
    fingerprint: str,
) -> tuple[UNet, pd.DataFrame, dict]:
    """Train the U-Net on the training days; the validation days say when to stop.

    Args:
        paths: Training files.
        splits: Of `period.split_blocks`.
        settings: The configuration's `unet`.
        hidden: Channels that the network never sees.
        pixels: Pixels (y, x) to train on; None: all.
        seed, checkpoint, fingerprint: As in `fit_autoencoder`.

    Returns:
        The network, its learning curve, and the card of its model file.
    """

    def maps(name: str, drop: float = 0.0) -> ScoreMaps:
        times = splits.loc[splits["split"] == name, "time"].to_numpy()
        return ScoreMaps(paths, times, hidden=hidden, pixels=pixels, drop_context=drop, seed=seed)

    training = maps("train", settings["drop_context"])
    mean, spread = channel_statistics(training)
    torch.manual_seed(seed)
    model = UNet(
        UNetSettings(
            len(input_channels(CHANNELS)),
            width=settings["width"],
            depth=settings["depth"],
            mean=mean,
            spread=spread,
        )
    )
    result = train(
        model,
        unet_loss,
        training,
        maps("validation"),
        **{key: settings[key] for key in TRAINING},
        compiled=settings["compiled"],
        weight_decay=settings["weight_decay"],
        seed=seed,
        checkpoint=checkpoint,
        fingerprint=fingerprint,
    )
    card = {
        "kind": "unet",
        **common_card(paths, splits, network=model.settings, settings=settings, result=result),
        "channels": input_channels(CHANNELS),
        "hidden": list(hidden),
        "maps": {
            name: int((splits["split"] == name).sum())
            for name in ("train", "validation", "calibration", "test")
        },
    }
    return model, result.curve, card
