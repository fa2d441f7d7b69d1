"""Reconstruction errors of auto-encoders with latent vectors of several sizes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from rainscore.training.cards import AutoEncoderCard
from rainscore.training.dataset import RainMaps, rainy_maps


def compare_latents(
    paths: Sequence[Path], splits: pd.DataFrame, cards: Sequence[AutoEncoderCard], *, seed: int
) -> pd.DataFrame:
    """Compare auto-encoders with as many principal components on the validation maps.

    Args:
        paths: Training files.
        splits: Split of each half-hour (`splits.split_blocks`).
        cards: Cards of the auto-encoders, which were trained on the same maps.
        seed: Random seed of the principal component analysis.

    Returns:
        Columns method (auto-encoder, principal components), latent (size of the vector), error
        (mean squared error of the scaled rain), share (error relative to the variance of the
        validation maps about the mean training map), maps.
    """
    data = rainy_maps(paths, splits, min_wet=cards[0].min_wet)
    train, validation = (_flat(data[name]) for name in ("train", "validation"))
    sizes = [card.settings["latent"] for card in cards]
    count = min(max(sizes), *train.shape)
    components = PCA(count, svd_solver="randomized", random_state=seed).fit(train)
    anomaly = validation - components.mean_
    variance = float(np.mean(anomaly**2))
    scores = anomaly @ components.components_.T
    rows = []
    for size, card in zip(sizes, cards, strict=True):
        # The components are orthonormal, so the variance that they explain is a sum of squares.
        explained = float(np.sum(scores[:, :size] ** 2)) / validation.size
        rows.append(("auto-encoder", size, card.best_loss))
        rows.append(("principal components", size, variance - explained))
    table = pd.DataFrame(rows, columns=["method", "latent", "error"])
    return table.assign(share=table["error"] / variance, maps=len(validation))


def _flat(data: RainMaps) -> np.ndarray:
    """All maps, dims (map, pixel), float32."""
    (rain,) = data.read(np.arange(len(data)))
    return rain.numpy().reshape(len(data), -1)
