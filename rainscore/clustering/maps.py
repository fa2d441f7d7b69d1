"""Clusters of maps, found from their rain, starting from the project's auto-encoder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from rainscore.clustering.algorithms.base import AT_ONCE, DeepClusterer
from rainscore.clustering.algorithms.methods import BATCH, METHODS, Plan
from rainscore.clustering.algorithms.phases import steps_of_epoch
from rainscore.clustering.algorithms.pooled import Summarised
from rainscore.clustering.scorecounts import DRY
from rainscore.io import read_json
from rainscore.training.autoencoder import AutoEncoder, Summary
from rainscore.training.dataset import RainMaps


@dataclass(frozen=True)
class ClusterSettings:
    """The configuration's `clustering`, as far as one clustering needs it.

    Attributes:
        summary: What stands for a map: `invariant` to where it rains, or `position`.
        k: Number of clusters.
        epochs: Most epochs of a joint training.
        max_training_maps: Maximum number of training maps of a method, thinned evenly in time,
            because consecutive half-hours are alike.
        min_wet_share: Maps with a smaller wet share get the label DRY.
        false_alarm_rate: Share of known maps that lie beyond the novelty threshold.
    """

    summary: Summary
    k: int
    epochs: int
    max_training_maps: int
    min_wet_share: float
    false_alarm_rate: float


def cluster_settings(values: Mapping[str, Any], chosen: Sequence[str]) -> ClusterSettings:
    """The configuration's `clustering`; where k is `auto`, that of the file of `choose_k`."""
    k = read_json(chosen[0])["k"] if values["k"] == "auto" else values["k"]
    return ClusterSettings(**{**values, "k": k})


def read_rain(paths: Sequence[Path], times: np.ndarray) -> np.ndarray:
    """Log-rain maps (n, 1, y, x) of half-hours in order of time, as the training files keep them.

    Raises:
        ValueError: A half-hour is in no file.
    """
    data = RainMaps(paths, times)
    if len(data) != len(times):
        raise ValueError(f"{len(times) - len(data)} of {len(times)} half-hours are in no file")
    parts = np.array_split(np.arange(len(data)), max(len(data) // AT_ONCE, 1))
    return np.concatenate([data.read(rows)[0].numpy().astype(np.float16) for rows in parts])


def thinned(rows: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the rows, evenly spread.

    >>> thinned(np.arange(10), 4).tolist()
    [0, 3, 6, 9]
    """
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(int)]


def fit_clusters(
    rain: np.ndarray,
    encoder: AutoEncoder,
    method: str,
    *,
    settings: ClusterSettings,
    seed: int,
    checkpoint: Path | None = None,
    fingerprint: str = "",
) -> DeepClusterer:
    """Fit a method on maps; cluster 0 is the largest, unless the clusters have places on a grid.

    Args:
        rain: Log-rain maps, dims (n, 1, y, x), nothing missing.
        encoder: The project's auto-encoder; it is not changed.
        method: A name of `METHODS`.
        settings: Of the clusters.
        seed: Of the method.
        checkpoint, fingerprint: As `DeepClusterer.fit` takes them.

    Raises:
        ValueError: There are fewer maps than clusters.
    """
    _check_number(len(rain), settings.k)
    chosen = METHODS[method]
    start, error = summarised(encoder, rain, settings.summary)
    plan = Plan(
        k=settings.k,
        epochs=settings.epochs,
        steps=steps_of_epoch(len(rain), BATCH),
        error=error,
    )
    clusterer: DeepClusterer = chosen.kind(
        network=None if chosen.own_network else start,
        batch=BATCH,
        seed=seed,
        progress=False,
        **chosen.settings(plan),
    )
    clusterer.fit(rain, checkpoint=checkpoint, fingerprint=fingerprint)
    if not hasattr(clusterer, "rows"):
        clusterer.sort_by_size()
    return clusterer


def _check_number(maps: int, k: int) -> None:
    if maps < k:
        raise ValueError(
            f"{maps} maps of the training days have enough rain, fewer than clustering.k = {k}: "
            "take a longer period, a smaller clustering.min_wet_share or fewer clusters"
        )


@torch.no_grad()
def summarised(
    encoder: AutoEncoder, rain: np.ndarray, summary: Summary
) -> tuple[Summarised, float]:
    """The encoder in the units of these maps, and its mean squared error on them."""
    summaries, errors = [], []
    for part in torch.from_numpy(rain).split(AT_ONCE):
        summaries.append(encoder.encode(part.float(), summary))
        errors.append((encoder(part.float()) - part).square().sum())
    return Summarised.of(encoder, torch.cat(summaries), summary), float(sum(errors)) / rain.size


def cluster_maps(
    paths: Sequence[Path],
    latents: pd.DataFrame,
    encoder: AutoEncoder,
    method: str,
    *,
    settings: ClusterSettings,
    seed: int,
    checkpoint: Path,
    fingerprint: str,
) -> tuple[DeepClusterer, dict, pd.DataFrame]:
    """Cluster the training maps that have enough rain, and assign all others.

    A half-hour without any rain estimate is no map: it has neither wet share nor cluster.

    Args:
        paths: Training files.
        latents: Table time, split, wet_share of all half-hours; NaN where nothing is known.
        encoder, method, settings, seed, checkpoint, fingerprint: Of `fit_clusters`.

    Returns:
        The clusterer; what its card adds to the settings; and a table time, split, cluster,
        distance (`DeepClusterer.novelty`, in the method's own measure; NaN for DRY), novel.

    Raises:
        ValueError: Fewer rainy training maps than clusters.
    """
    latents = latents.dropna(subset=["wet_share"]).sort_values("time", ignore_index=True)
    rainy = latents[latents["wet_share"] >= settings.min_wet_share]
    _check_number((rainy["split"] == "train").sum(), settings.k)
    rain = read_rain(paths, rainy["time"].to_numpy())
    split = rainy["split"].to_numpy()
    train = thinned(np.flatnonzero(split == "train"), settings.max_training_maps)
    clusterer = fit_clusters(
        rain[train], encoder, method,
        settings=settings, seed=seed, checkpoint=checkpoint, fingerprint=fingerprint,
    )  # fmt: skip
    distance = clusterer.novelty(rain)
    held = split == "calibration"
    known = distance[held] if held.sum() >= 1 / settings.false_alarm_rate else distance[train]
    threshold = float(np.quantile(known, 1 - settings.false_alarm_rate))
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
