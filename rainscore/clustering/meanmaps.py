"""Mean maps of the clusters: mean rain, most central map and score."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.io import MAPS_PER_CHUNK
from rainscore.netcdffiles import open_netcdf
from rainscore.training.channels import CHANNELS, unscale_rain
from rainscore.training.features import learning_grid, read_features

MIN_MAPS = 10
"""Minimum number of maps with rain in the window for the score of a pixel."""


def average_clusters(
    clusters: pd.DataFrame, features: Sequence[Path], scores: Sequence[Path]
) -> xr.Dataset:
    """Average the maps of each cluster, read in chunks.

    Args:
        clusters: The maps to average: time, cluster, distance (to the nearest centre; NaN for DRY).
        features: Training files.
        scores: Files of score maps: numerator, denominator, dims (time, y, x).

    Returns:
        Dims (cluster, y, x), NaN is missing: `rain`, mean rain [mm/h]; `medoid`, rain of the map
        nearest to the centre [mm/h]; `score`, 1 − Σ numerator / Σ denominator over the maps [1],
        missing with fewer than MIN_MAPS maps with rain in the window. Dims (cluster): `maps` and
        `medoid_time`. `attrs["grid"]` is the learning grid (JSON).
    """
    labels = np.unique(clusters["cluster"].to_numpy(int))
    grid = learning_grid(features[0])
    clustered = clusters.dropna(subset=["distance"])
    nearest = clustered.loc[clustered.groupby("cluster")["distance"].idxmin()]
    medoid_time = nearest.set_index("cluster")["time"].reindex(labels)
    rain, medoid = _mean_rain(clusters, medoid_time, features, labels)
    score = _pooled_scores(clusters, scores, labels, grid.shape)
    maps = clusters["cluster"].value_counts().reindex(labels, fill_value=0)
    dims = ("cluster", "y", "x")
    return xr.Dataset(
        {
            "rain": (dims, rain, _attributes("mm h-1", "mean rain")),
            "medoid": (dims, medoid, _attributes("mm h-1", "rain of the most central map")),
            "score": (dims, score, _attributes("1", "score of all maps together")),
            "maps": ("cluster", maps.to_numpy(), {"units": "1", "long_name": "number of maps"}),
            "medoid_time": (
                "cluster",
                medoid_time.to_numpy(),
                {"long_name": "start of the most central map"},
            ),
            **grid.cf,
        },
        {"cluster": ("cluster", labels, {"units": "1", "long_name": "cluster"})},
        {
            "title": "Mean maps of the clusters",
            "Conventions": "CF-1.11",
            "grid": grid.to_json(),
        },
    )


def _attributes(units: str, long_name: str) -> dict[str, str]:
    return {"units": units, "long_name": long_name, "grid_mapping": "crs"}


def _mean_rain(
    clusters: pd.DataFrame, medoid_time: pd.Series, features: Sequence[Path], labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean rain and most central map of each cluster, dims (cluster, y, x) [mm/h]."""
    shape = (len(labels), *learning_grid(features[0]).shape)
    total, count = np.zeros(shape), np.zeros(shape)
    medoid = np.full(shape, np.nan, np.float32)
    cluster_at = clusters.set_index("time")["cluster"]
    channels = [CHANNELS.index(name) for name in ("rain", "valid")]
    for times, block in read_features(features, clusters["time"].to_numpy(), ["inputs"]):
        scaled, valid = (block["inputs"][:, channel] for channel in channels)
        rain = np.where(valid > 0.5, unscale_rain(scaled), np.nan)
        half_hours = pd.DatetimeIndex(times)
        block_clusters = cluster_at.reindex(half_hours).to_numpy()
        for i, label in enumerate(labels):
            members = rain[block_clusters == label]
            total[i] += np.where(np.isfinite(members), members, 0).sum(axis=0, dtype=np.float64)
            count[i] += np.isfinite(members).sum(axis=0)
            central = half_hours == medoid_time.iloc[i]
            if central.any():
                medoid[i] = rain[central][0]
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean.astype(np.float32), medoid


def _pooled_scores(
    clusters: pd.DataFrame, scores: Sequence[Path], labels: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """Score of the summed numerators and denominators of each cluster, dims (cluster, y, x) [1]."""
    sums = {name: np.zeros((len(labels), *shape)) for name in ("numerator", "denominator")}
    count = np.zeros((len(labels), *shape))
    for path in sorted(scores):
        with open_netcdf(path) as month:
            in_month = clusters[clusters["time"].isin(month["time"].values)]
            for i, label in enumerate(labels):
                times = in_month.loc[in_month["cluster"] == label, "time"].to_numpy()
                for start in range(0, len(times), MAPS_PER_CHUNK):
                    block = month[list(sums)].sel(time=times[start : start + MAPS_PER_CHUNK])
                    for name, total in sums.items():
                        total[i] += np.nansum(block[name].values, axis=0, dtype=np.float64)
                    count[i] += (block["denominator"].values > 0).sum(axis=0)
    enough = (count >= MIN_MAPS) & (sums["denominator"] > 0)
    ratio = sums["numerator"] / np.where(enough, sums["denominator"], 1)
    return np.where(enough, 1 - ratio, np.nan).astype(np.float32)
