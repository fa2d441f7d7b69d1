"""Fitting a variant of the U-Net."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from rainscore.features.dataset import unknown_channels
from rainscore.fitting.unet import fit_unet
from rainscore.fitting.variants import VARIANTS, variant_pixels
from rainscore.networks.unet import UNet


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
