"""Mean maps of the clusters: their rain, their score, and the map that stands for each."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.training.channels import CHANNELS, unscale_rain
from rainscore.training.features import learning_grid, read_features

LEAST_MAPS = 10
"""A pixel's mean score wants so many maps with rain in its window."""


def average_clusters(
    clusters: pd.DataFrame, features: Sequence[Path], scores: Sequence[Path]
) -> xr.Dataset:
    """Average the maps of each cluster, half-day by half-day.

    Args:
        clusters: time, cluster and distance (to the nearest centre; NaN for DRY) of the maps that
            count.
        features: Training files.
        scores: Score maps of the months: numerator, denominator (time, y, x).

    Returns:
        Dims (cluster, y, x): `rain`, mean rain [mm/h]; `medoid`, rain of the map nearest to the
        centre [mm/h], NaN where there is none; `score`, 1 − Σ numerator / Σ denominator over its
        maps [1], NaN with fewer than LEAST_MAPS maps with rain in the window. Dim (cluster): `maps`
        and `medoid_time`. NaN is missing. `attrs["grid"]` is the learning grid (JSON).
    """
    labels = np.unique(clusters["cluster"].to_numpy(int))
    grid = learning_grid(features[0])
    near = clusters.dropna(subset=["distance"])
    nearest = near.loc[near.groupby("cluster")["distance"].idxmin()]
    medoid_time = nearest.set_index("cluster")["time"].reindex(labels)
    rain, medoid = _rain(clusters, medoid_time, features, labels)
    dims = ("cluster", "y", "x")
    maps = clusters["cluster"].value_counts().reindex(labels, fill_value=0)
    return xr.Dataset(
        {
            "rain": (dims, rain, _field("mm h-1", "mean rain")),
            "medoid": (dims, medoid, _field("mm h-1", "rain of the most central map")),
            "score": (
                dims,
                _score(clusters, scores, labels, grid.shape),
                _field("1", "score of all maps together"),
            ),
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


def _field(unit: str, text: str) -> dict[str, str]:
    return {"units": unit, "long_name": text, "grid_mapping": "crs"}


def _rain(
    clusters: pd.DataFrame, medoid_time: pd.Series, features: Sequence[Path], labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean rain and central map of each cluster, dims (cluster, y, x)."""
    shape = (len(labels), *learning_grid(features[0]).shape)
    total, count = np.zeros(shape), np.zeros(shape)
    medoid = np.full(shape, np.nan, np.float32)
    cluster_at = clusters.set_index("time")["cluster"]
    channels = [CHANNELS.index(name) for name in ("rain", "valid")]
    for times, block in read_features(features, clusters["time"].to_numpy(), ["inputs"]):
        scaled, valid = (block["inputs"][:, channel] for channel in channels)
        rain = np.where(valid > 0.5, unscale_rain(scaled), np.nan)
        stamps = pd.DatetimeIndex(times)
        found = cluster_at.reindex(stamps).to_numpy()
        for place, label in enumerate(labels):
            here = rain[found == label]
            total[place] += np.where(np.isfinite(here), here, 0).sum(axis=0, dtype=np.float64)
            count[place] += np.isfinite(here).sum(axis=0)
            central = stamps == medoid_time.iloc[place]
            if central.any():
                medoid[place] = rain[central][0]
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean.astype(np.float32), medoid


def _score(
    clusters: pd.DataFrame, scores: Sequence[Path], labels: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """Score of the sums of each cluster's maps, dims (cluster, y, x)."""
    sums = {name: np.zeros((len(labels), *shape)) for name in ("numerator", "denominator")}
    count = np.zeros((len(labels), *shape))
    for path in sorted(scores):
        with xr.open_dataset(path, engine="h5netcdf") as month:
            known = clusters[clusters["time"].isin(month["time"].values)]
            for place, label in enumerate(labels):
                part = known[known["cluster"] == label]
                for start in range(0, len(part), 48):
                    block = month[list(sums)].sel(time=part["time"].to_numpy()[start : start + 48])
                    for name, total in sums.items():
                        total[place] += np.nansum(block[name].values, axis=0, dtype=np.float64)
                    count[place] += (block["denominator"].values > 0).sum(axis=0)
    enough = (count >= LEAST_MAPS) & (sums["denominator"] > 0)
    ratio = sums["numerator"] / np.where(enough, sums["denominator"], 1)
    return np.where(enough, 1 - ratio, np.nan).astype(np.float32)
