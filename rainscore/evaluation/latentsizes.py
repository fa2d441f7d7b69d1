"""How well maps are rebuilt from latent vectors of several sizes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from rainscore.training.dataset import RainMaps
from rainscore.training.fitting import rainy_maps


def compare_latents(
    paths: Sequence[Path], splits: pd.DataFrame, cards: Sequence[dict], *, seed: int
) -> pd.DataFrame:
    """Errors of auto-encoders on the validation maps, and of as many principal components.

    Args:
        paths: Training files.
        splits: Of `period.split_blocks`.
        cards: Of the auto-encoders, trained on the same maps.
        seed: Of the randomised search of the principal components.

    Returns:
        Columns method (auto-encoder, principal components), latent, error (mean squared error of
        the scaled rain), share (of the variance of the validation maps about the mean map of the
        training that is not rebuilt), maps.
    """
    data = rainy_maps(paths, splits, min_wet=cards[0]["min_wet"])
    train, validation = (_flat(data[name]) for name in ("train", "validation"))
    sizes = [card["settings"]["latent"] for card in cards]
    known = min(max(sizes), *train.shape)
    components = PCA(known, svd_solver="randomized", random_state=seed).fit(train)
    anomaly = validation - components.mean_
    variance = float(np.mean(anomaly**2))
    scores = anomaly @ components.components_.T
    rows = []
    for size, card in zip(sizes, cards, strict=True):
        # The components are orthonormal: what they hold is the sum of the squares of the scores.
        held = float(np.sum(scores[:, :size] ** 2)) / validation.size
        rows.append(("auto-encoder", size, card["best_loss"]))
        rows.append(("principal components", size, variance - held))
    table = pd.DataFrame(rows, columns=["method", "latent", "error"])
    return table.assign(share=table["error"] / variance, maps=len(validation))


def _flat(data: RainMaps) -> np.ndarray:
    """All maps, dims (map, pixel), float32."""
    (rain,) = data.read(np.arange(len(data)))
    return rain.numpy().reshape(len(data), -1)
