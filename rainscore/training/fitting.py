"""Fitting of the networks: auto-encoder, U-Net and its variants."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings
from rainscore.training.cards import TRAINING, common_card, wet_shares
from rainscore.training.channels import CHANNELS
from rainscore.training.dataset import RainMaps, ScoreMaps, input_channels, unknown_channels
from rainscore.training.loop import train
from rainscore.training.losses import reconstruction_loss, unet_loss
from rainscore.training.unet import UNet, UNetSettings
from rainscore.training.variants import VARIANTS, variant_pixels


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
        AutoEncoderSettings(latent=settings["latent_size"], width=settings["width"], size=size)
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

    training = maps("train", settings["context_dropout"])
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
        compiled=settings["compile"],
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


def fit_variant(
    paths: Sequence[Path],
    splits: pd.DataFrame,
    name: str,
    *,
    run: str,
    settings: dict,
    seed: int,
    checkpoint: Path,
    fingerprint: str,
) -> tuple[UNet, pd.DataFrame, dict]:
    """Train a variant as `fit_unet` trains the U-Net, on what it is allowed; returns the same.

    Args:
        paths: Training files.
        splits: Of `period.split_blocks`.
        name: Of `variants.VARIANTS`.
        run: IMERG run.
        settings: The configuration's `unet`.
        seed, checkpoint, fingerprint: As in `fit_unet`.
    """
    variant = VARIANTS[name]
    model, curve, card = fit_unet(
        paths,
        variant.splits(splits),
        settings=settings,
        hidden=sorted({*unknown_channels(run), *variant.hidden}),
        pixels=variant_pixels(variant, paths[0], judged=False),
        seed=seed,
        checkpoint=checkpoint,
        fingerprint=fingerprint,
    )
    return model, curve, {**card, "variant": name}
