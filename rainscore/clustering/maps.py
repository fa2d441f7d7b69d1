"""Clusters of maps, found among their latent vectors."""

import numpy as np
import pandas as pd

from rainscore.clustering.methods import DRY, METHODS
from rainscore.latents import latent_columns
from rainscore.networks.autoencoder import Summary


def cluster_latents(
    latents: pd.DataFrame,
    method: str,
    *,
    summary: Summary,
    k: int,
    min_wet: float,
    novelty: float,
    seed: int,
) -> tuple[dict[str, np.ndarray], dict, pd.DataFrame]:
    """Cluster the training maps that have enough rain, and assign all others.

    Args:
        latents: Of `extract_latents`.
        method: A name of `clustering.methods.METHODS`.
        summary: How the maps were encoded, for the card.
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
        "summary": summary,
        "k": k,
        "min_wet": min_wet,
        "novelty": novelty,
        "novelty_threshold": threshold,
        "maps": int(train.sum()),
    }
    return clusterer.arrays(), card, table
