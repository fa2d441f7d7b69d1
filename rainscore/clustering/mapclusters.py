"""Clusters of rain maps: fit a method on the training maps and assign all others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import torch

from rainscore.clustering.algorithms.base import ENCODE_BATCH, DeepClusterer
from rainscore.clustering.algorithms.methods import BATCH, METHODS, Plan
from rainscore.clustering.algorithms.pooled import Summarised
from rainscore.clustering.mapsets import read_rain, thinned
from rainscore.clustering.scoredistributions import DRY
from rainscore.io import read_json
from rainscore.training.autoencoder import AutoEncoder, Summary
from rainscore.training.checkpoint import Checkpoint


@dataclass(frozen=True)
class ClusterSettings:
    """Settings of one clustering, from the configuration's section `clustering`.

    Attributes:
        summary: Vector that represents a map: `invariant` (independent of the position of the
            rain) or `position`.
        k: Number of clusters.
        epochs: Maximum number of epochs of a joint training.
        max_training_maps: Maximum number of training maps of a method, thinned evenly in time,
            because consecutive half-hours are alike.
        min_wet_share: Minimum wet share of a clustered map [1]; other maps get the label DRY.
        false_alarm_rate: Share of ordinary maps beyond the novelty threshold [1].
    """

    summary: Summary
    k: int
    epochs: int
    max_training_maps: int
    min_wet_share: float
    false_alarm_rate: float

    @classmethod
    def from_section(cls, section: Mapping[str, Any], k_file: Sequence[Path | str]) -> Self:
        """Settings from a configuration section.

        Args:
            section: Values of the attributes; `k` may be `auto`.
            k_file: The file that `choose_k` wrote, where `k` is `auto`; otherwise empty.
        """
        return cls(**{**section, "k": number_of_clusters(section["k"], k_file)})


def number_of_clusters(k: int | str, k_file: Sequence[Path | str]) -> int:
    """The configured number of clusters, or that of the file of `choose_k` where it is `auto`."""
    return read_json(k_file[0])["k"] if k == "auto" else int(k)


def fit_clusters(
    rain: np.ndarray,
    encoder: AutoEncoder,
    method: str,
    *,
    settings: ClusterSettings,
    seed: int,
    checkpoint: Checkpoint | None = None,
) -> DeepClusterer:
    """Fit a method; cluster 0 is the largest, unless the clusters are units of a grid.

    Args:
        rain: Log-rain maps, dims (n, 1, y, x), nothing missing.
        encoder: Auto-encoder of the run; it is not changed.
        method: Name in `methods.METHODS`.
        settings: Settings of the clustering.
        seed: Random seed of the method.
        checkpoint: See `DeepClusterer.fit`.

    Raises:
        ValueError: There are fewer maps than clusters.
    """
    _require_enough_maps(len(rain), settings.k)
    chosen = METHODS[method]
    network, error = summarised(encoder, rain, settings.summary)
    plan = Plan(
        k=settings.k,
        epochs=settings.epochs,
        steps=ceil(len(rain) / BATCH),
        error=error,
        pixels=rain[0].size,
    )
    clusterer: DeepClusterer = chosen.kind(
        network=None if chosen.own_network else network,
        batch=BATCH,
        seed=seed,
        progress=False,
        **chosen.settings(plan),
    )
    clusterer.fit(rain, checkpoint=checkpoint)
    if not chosen.grid:
        clusterer.sort_by_size()
    return clusterer


def _require_enough_maps(count: int, k: int) -> None:
    if count < k:
        raise ValueError(
            f"{count} maps of the training days have enough rain, fewer than clustering.k = {k}: "
            "use a longer period, a smaller clustering.min_wet_share or fewer clusters"
        )


@torch.no_grad()
def summarised(
    encoder: AutoEncoder, rain: np.ndarray, summary: Summary
) -> tuple[Summarised, float]:
    """Network whose vectors are clustered, scaled for these maps.

    Args:
        encoder: Auto-encoder of the run.
        rain: Log-rain maps, dims (n, 1, y, x).
        summary: See `ClusterSettings`.

    Returns:
        The network, and the mean squared reconstruction error of the auto-encoder on the maps.
    """
    summaries, errors = [], []
    for part in torch.from_numpy(rain).split(ENCODE_BATCH):
        summaries.append(encoder.encode(part.float(), summary))
        errors.append((encoder(part.float()) - part).square().sum())
    return Summarised.fit(encoder, torch.cat(summaries), summary), float(sum(errors)) / rain.size


def cluster_maps(
    paths: Sequence[Path],
    latents: pd.DataFrame,
    encoder: AutoEncoder,
    method: str,
    *,
    settings: ClusterSettings,
    seed: int,
    checkpoint: Checkpoint,
) -> tuple[DeepClusterer, dict, pd.DataFrame]:
    """Cluster the training maps that have enough rain, and assign all others.

    The novelty threshold is the 1 − `false_alarm_rate` quantile of the distances of the calibration
    maps, or of the training maps where there are fewer than 1 / `false_alarm_rate` calibration
    maps.

    Args:
        paths: Training files.
        latents: Table of all half-hours: time, split, wet_share (NaN without any rain estimate;
            such half-hours are left out).
        encoder, method, settings, seed, checkpoint: See `fit_clusters`.

    Returns:
        The clusterer; the entries of its card; and a table: time, split, cluster, distance
        (`DeepClusterer.novelty`, in the unit of the method; NaN for DRY), novel (whether the
        distance exceeds the threshold).

    Raises:
        ValueError: There are fewer training maps with enough rain than clusters.
    """
    latents = latents.dropna(subset=["wet_share"]).sort_values("time", ignore_index=True)
    rainy = latents[latents["wet_share"] >= settings.min_wet_share]
    _require_enough_maps((rainy["split"] == "train").sum(), settings.k)
    rain = read_rain(paths, rainy["time"].to_numpy())
    split = rainy["split"].to_numpy()
    train = thinned(np.flatnonzero(split == "train"), settings.max_training_maps)
    clusterer = fit_clusters(
        rain[train], encoder, method,
        settings=settings, seed=seed, checkpoint=checkpoint,
    )  # fmt: skip
    distance = clusterer.novelty(rain)
    threshold = novelty_threshold(
        distance[split == "calibration"], distance[train], settings.false_alarm_rate
    )
    assigned = pd.DataFrame(
        {"cluster": clusterer.predict(rain), "distance": distance, "novel": distance > threshold},
        index=rainy.index,
    )
    table = latents[["time", "split"]].join(assigned)
    table["cluster"] = table["cluster"].fillna(DRY).astype(np.int64)
    table["novel"] = table["novel"].eq(True)
    card = {
        "summary": settings.summary,
        "k": settings.k,
        "size": rain.shape[-1],
        "min_wet_share": settings.min_wet_share,
        "false_alarm_rate": settings.false_alarm_rate,
        "novelty_threshold": threshold,
        "maps": len(train),
    }
    return clusterer, card, table


def novelty_threshold(
    calibration: np.ndarray, training: np.ndarray, false_alarm_rate: float
) -> float:
    """Quantile 1 − `false_alarm_rate` of the distances of the calibration or the training maps."""
    enough = calibration.size >= 1 / false_alarm_rate
    return float(np.quantile(calibration if enough else training, 1 - false_alarm_rate))
