"""Latent vectors of maps."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.training.autoencoder import Summary
from rainscore.training.cards import wet_shares
from rainscore.training.dataset import RainMaps
from rainscore.training.inference import predict
from rainscore.training.models import load_autoencoder


def latent_columns(table: pd.DataFrame) -> np.ndarray:
    """Latent vectors (map, latent) of a table with columns z0, z1, …"""
    names = [str(name) for name in table if str(name)[0] == "z" and str(name)[1:].isdigit()]
    return table[[f"z{i}" for i in range(len(names))]].to_numpy(np.float32)


def extract_latents(
    paths: Sequence[Path], splits: pd.DataFrame, stem: Path, *, summary: Summary
) -> pd.DataFrame:
    """Encode every map; `summary` as in `AutoEncoder.encode`.

    Returns:
        Columns time, split, wet_share, z0, z1, …
    """
    model, _ = load_autoencoder(stem)
    shares = wet_shares(paths, splits).sort_values("time", ignore_index=True)
    data = RainMaps(paths, shares["time"].to_numpy())
    encode = partial(model.encode, summary=summary)
    encoded = [z for _, (z,) in predict(model, data, call=encode)]
    vectors = np.concatenate(encoded)
    return shares.join(pd.DataFrame(vectors, columns=[f"z{i}" for i in range(vectors.shape[1])]))
