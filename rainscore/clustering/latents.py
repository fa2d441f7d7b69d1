"""Latent vectors of maps."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.training.autoencoder import Summary, load_autoencoder
from rainscore.training.dataset import RainMaps
from rainscore.training.features import wet_shares
from rainscore.training.inference import predict


def latent_columns(table: pd.DataFrame) -> np.ndarray:
    """Latent vectors, dims (map, L), of a table with columns z0, z1, …"""
    return table.filter(regex=r"^z\d+$").to_numpy(np.float32)


def scaled_latents(latents: pd.DataFrame, maps: pd.DataFrame) -> np.ndarray:
    """Latent vectors of some maps, each component with mean 0 and variance 1 on the training maps.

    Args:
        latents: Table of `extract_latents`.
        maps: The maps: time, split.

    Returns:
        Dims (map, L), float32.
    """
    vectors = latent_columns(latents.set_index("time").loc[maps["time"]])
    train = vectors[(maps["split"] == "train").to_numpy()]
    return (vectors - train.mean(axis=0)) / np.maximum(train.std(axis=0), 1e-6)


def extract_latents(
    paths: Sequence[Path], splits: pd.DataFrame, stem: Path, *, summary: Summary
) -> pd.DataFrame:
    """Encode every map of the training files.

    Args:
        paths: Training files.
        splits: Table time, split.
        stem: Path of the auto-encoder without suffix.
        summary: Vector that represents a map, see `AutoEncoder.encode`.

    Returns:
        One row per map, in order of time: time, split, wet_share (NaN without any rain estimate),
        z0, z1, …
    """
    model, _ = load_autoencoder(stem)
    shares = wet_shares(paths, splits).sort_values("time", ignore_index=True)
    data = RainMaps(paths, shares["time"].to_numpy())
    encode = partial(model.encode, summary=summary)
    vectors = np.concatenate([z for _, (z,) in predict(model, data, call=encode)])
    return shares.join(pd.DataFrame(vectors, columns=[f"z{i}" for i in range(vectors.shape[1])]))
