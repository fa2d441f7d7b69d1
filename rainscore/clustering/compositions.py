"""Clusters of maps by their composition: the families of codes that a map is made of.

A map is the vector of the square roots of the shares of its windows with rain that belong to each
family, and of the share of its windows with rain. The distance between the roots of two
compositions is that of Hellinger. The vectors are clustered by k-means.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import torch

from rainscore.clustering.algorithms.starts import kmeans_start
from rainscore.clustering.codebook import CodeBook, nearest_centre
from rainscore.clustering.codemaps import count_codes, read_codes
from rainscore.clustering.mapclusters import novelty_threshold
from rainscore.clustering.repeats import resampled_rows
from rainscore.clustering.scoredistributions import DRY
from rainscore.errors import DamagedFile
from rainscore.training.modelfiles import load_arrays, save_arrays

METHOD = "codes"
"""Name of this clustering in the configuration and in its card."""

STARTS = 20
"""Number of initialisations of k-means."""


@dataclass(frozen=True)
class CompositionClusters:
    """Fitted clusters of compositions.

    Attributes:
        centres: Dims (cluster, family + 1).
        card_: Card of the model file; the name is that of the other clusterers.
    """

    centres: np.ndarray
    card_: Mapping[str, Any]

    def predict(self, vectors: np.ndarray) -> np.ndarray:
        """Cluster of each vector of `composition_vectors`, dims (map,)."""
        return nearest_centre(vectors, self.centres)

    def novelty(self, vectors: np.ndarray) -> np.ndarray:
        """Distance of each vector to the nearest centre, dims (map,)."""
        return np.linalg.norm(vectors - self.centres[self.predict(vectors)], axis=1)

    def save(self, stem: Path, **entries: Any) -> str:
        """Write the model file.

        Args:
            stem: Path without extension.
            **entries: Further entries of the card.

        Returns:
            Digest of the card, which contains that of the centres.
        """
        return save_arrays(
            stem, {"centres": self.centres}, {**self.card_, **entries, "method": METHOD}
        )

    @classmethod
    def load(cls, stem: Path) -> Self:
        """Read a model file.

        Raises:
            RainscoreError: A file is missing.
            DamagedFile: The file holds no clusters of compositions.
        """
        arrays, card = load_arrays(stem)
        try:
            clusters = cls(arrays["centres"], card)
            needed = ("k", "size", "min_wet_share", "novelty_threshold", "false_alarm_rate")
            values = [float(card[name]) for name in needed]
            if card["method"] != METHOD or clusters.centres.shape[0] != values[0]:
                raise ValueError("its clusters are of another method")
        except (KeyError, TypeError, ValueError, IndexError) as error:
            reason = f"it holds no clusters of compositions ({error})"
            raise DamagedFile(f"{stem}.json", reason, "cluster the maps again") from error
        return clusters


def composition_vectors(counts: np.ndarray, family: np.ndarray) -> np.ndarray:
    """Vectors that are clustered.

    Args:
        counts: Number of windows of each code, the last one without rain, dims (map, code + 1).
        family: Family of each code, dims (code,).

    Returns:
        Dims (map, family + 1), float32; 0 for a map without a window with rain.
    """
    by_family = counts[:, :-1] @ np.eye(family.max() + 1, dtype=np.int64)[family]
    wet = by_family.sum(axis=1, keepdims=True)
    share = by_family / np.maximum(wet, 1)
    wet_share = wet / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return np.hstack([np.sqrt(share), wet_share]).astype(np.float32)


def read_compositions(
    path: Path, book: CodeBook, table: pd.DataFrame
) -> tuple[pd.DataFrame, np.ndarray]:
    """Compositions of the maps of a table that have codes.

    Args:
        path: File of `codemaps.write_codes`.
        book: The code book.
        table: One row per map: time, and further columns.

    Returns:
        Rows of the table in order of time, renumbered, and their vectors, dims (map, family + 1).
    """
    parts = [
        (times, composition_vectors(count_codes(codes, len(book.centres)), book.family))
        for times, codes in read_codes(path, table["time"].to_numpy())
    ]
    times = np.concatenate([times for times, _ in parts]).astype("datetime64[ns]")
    rows = table.set_index("time").loc[times].rename_axis("time").reset_index()
    return rows, np.concatenate([vectors for _, vectors in parts])


def fit_compositions(
    vectors: np.ndarray, k: int, *, seed: int, card: Mapping[str, Any]
) -> CompositionClusters:
    """Cluster compositions by k-means; cluster 0 is the largest.

    Args:
        vectors: Vectors of the training maps, dims (map, family + 1).
        k: Number of clusters.
        seed: Random seed.
        card: Entries of the card, without k.

    Raises:
        ValueError: There are fewer maps than clusters.
    """
    centres, labels = kmeans_start(vectors, k, starts=STARTS, seed=seed)
    order = torch.argsort(-torch.bincount(labels, minlength=k), stable=True)
    return CompositionClusters(centres[order].numpy(), {**card, "k": k})


def cluster_compositions(
    maps: pd.DataFrame,
    vectors: np.ndarray,
    *,
    k: int,
    size: int,
    min_wet_share: float,
    false_alarm_rate: float,
    seed: int,
) -> tuple[CompositionClusters, pd.DataFrame]:
    """Cluster the training maps that have enough rain, and assign all others.

    Args:
        maps: One row per map: time, split, wet_share.
        vectors: Their compositions, dims (map, family + 1).
        k: Number of clusters.
        size: Rows and columns of the maps.
        min_wet_share, false_alarm_rate: See `mapclusters.ClusterSettings`.
        seed: Random seed.

    Returns:
        The clusters, and the table of `mapclusters.cluster_maps`.

    Raises:
        ValueError: There are fewer training maps with enough rain than clusters.
    """
    rainy = (maps["wet_share"] >= min_wet_share).to_numpy() & (vectors[:, :-1].any(axis=1))
    split = maps["split"].to_numpy()
    train = rainy & (split == "train")
    card = {
        "size": size,
        "min_wet_share": min_wet_share,
        "false_alarm_rate": false_alarm_rate,
        "maps": int(train.sum()),
    }
    fitted = fit_compositions(vectors[train], k, seed=seed, card=card)
    distance = np.where(rainy, fitted.novelty(vectors), np.nan)
    threshold = novelty_threshold(
        distance[rainy & (split == "calibration")], distance[train], false_alarm_rate
    )
    table = maps[["time", "split"]].assign(
        cluster=np.where(rainy, fitted.predict(vectors), DRY),
        distance=distance,
        novel=rainy & (distance > threshold),
    )
    card = {**fitted.card_, "novelty_threshold": threshold}
    return CompositionClusters(fitted.centres, card), table


def repeat_compositions(
    maps: pd.DataFrame, vectors: np.ndarray, *, k: int, seed: int
) -> pd.DataFrame:
    """Cluster the training maps, then a resample of their days; assign all maps with both fits.

    Args:
        maps: Maps with enough rain: time, split.
        vectors: Their compositions, dims (map, family + 1).
        k: Number of clusters.
        seed: Random seed of k-means and of the resampling.

    Returns:
        Table of `repeats.repeat_clusters`.
    """
    train = np.flatnonzero(maps["split"] == "train")
    labels = [
        fit_compositions(vectors[rows], k, seed=fit_seed, card={}).predict(vectors)
        for rows, fit_seed in (
            (train, seed),
            (resampled_rows(maps["time"], train, seed), seed + 1000),
        )
    ]
    return maps[["time", "split"]].assign(
        cluster=labels[0],
        resampled=labels[1],
        revived=0,
    )
