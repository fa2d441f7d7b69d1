"""Latent vectors of maps, and the clusters found among them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.clustering.methods import DRY, METHODS
from rainscore.dataset import RainMaps
from rainscore.fitting import wet_shares
from rainscore.modelfiles import load_model
from rainscore.networks.autoencoder import AutoEncoder, AutoEncoderSettings
from rainscore.training import predict


def load_autoencoder(stem: Path) -> tuple[AutoEncoder, dict]:
    """The auto-encoder of a model file, and its card."""
    weights, card = load_model(stem)
    model = AutoEncoder(AutoEncoderSettings(**card["settings"]))
    model.load_state_dict(weights)
    return model.eval(), card


def latent_columns(table: pd.DataFrame) -> np.ndarray:
    """Latent vectors (map, latent) of a table with columns z0, z1, …"""
    names = [name for name in table if name[0] == "z" and name[1:].isdigit()]
    return table[sorted(names, key=lambda name: int(name[1:]))].to_numpy(np.float32)


def extract_latents(paths: Sequence[Path], splits: pd.DataFrame, stem: Path) -> pd.DataFrame:
    """Encode every map.

    Returns:
        Columns time, split, wet_share, z0, z1, …
    """
    model, _ = load_autoencoder(stem)
    shares = wet_shares(paths, splits).sort_values("time", ignore_index=True)
    data = RainMaps(paths, shares["time"].to_numpy())
    encoded = [z for _, (z,) in predict(model, data, method="encode")]
    vectors = np.concatenate(encoded)
    return shares.join(pd.DataFrame(vectors, columns=[f"z{i}" for i in range(vectors.shape[1])]))


def cluster_latents(
    latents: pd.DataFrame, method: str, *, k: int, min_wet: float, novelty: float, seed: int
) -> tuple[dict[str, np.ndarray], dict, pd.DataFrame]:
    """Cluster the training maps that have enough rain, and assign all others.

    Args:
        latents: Of `extract_latents`.
        method: A name of `clustering.methods.METHODS`.
        k: Number of clusters.
        min_wet: Maps with a smaller wet share get the label DRY.
        novelty: Share of the calibration maps that lie beyond the novelty threshold.
        seed: Of the method.

    Returns:
        Arrays and card of the model file; and a table time, split, cluster, distance (to the
        nearest centre; NaN for DRY), novel.

    Raises:
        ValueError: Fewer rainy training maps than clusters.
    """
    rainy = (latents["wet_share"] >= min_wet).to_numpy()
    train = rainy & (latents["split"] == "train").to_numpy()
    held = rainy & (latents["split"] == "calibration").to_numpy()
    vectors = latent_columns(latents)
    clusterer = METHODS[method](k=k, seed=seed).fit(vectors[train])
    distances = clusterer.transform(vectors)
    nearest = distances.min(axis=1)
    reference = nearest[held] if held.sum() >= 1 / novelty else nearest[train]
    threshold = float(np.quantile(reference, 1 - novelty))
    table = latents[["time", "split"]].assign(
        cluster=np.where(rainy, distances.argmin(axis=1), DRY),
        distance=np.where(rainy, nearest, np.nan),
        novel=rainy & (nearest > threshold),
    )
    card = {
        "kind": "clusters",
        "method": method,
        "k": k,
        "min_wet": min_wet,
        "novelty": novelty,
        "novelty_threshold": threshold,
        "maps": int(train.sum()),
    }
    return clusterer.arrays(), card, table
