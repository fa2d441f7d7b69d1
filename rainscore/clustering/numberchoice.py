"""Choice of the number of clusters by stability and by skill for the score."""

from collections.abc import Iterable, Sequence

import pandas as pd
import torch

from rainscore.clustering.algorithms.assignments import squared_distances
from rainscore.clustering.algorithms.base import ENCODE_BATCH
from rainscore.clustering.algorithms.starts import kmeans_start
from rainscore.clustering.mapclusters import summarised
from rainscore.clustering.mapsets import MapSet, thinned
from rainscore.clustering.methodtable import ALL_SEEDS, Repetitions, method_table
from rainscore.clustering.repeats import resampled_rows
from rainscore.training.autoencoder import Summary

MAX_K = 12
"""Largest number of clusters that is evaluated."""


def number_table(
    real: MapSet,
    surrogate: MapSet,
    *,
    summary: Summary,
    max_training_maps: int,
    seeds: Sequence[int],
    resamples: int,
    seed: int,
    candidates: Iterable[int] = range(2, MAX_K + 1),
) -> pd.DataFrame:
    """Method tables of k-means for each number of clusters.

    Args:
        real: Real maps, with the columns that `methodtable.Repetitions` requires.
        surrogate: Surrogate maps without clusters.
        summary: Vector that represents a map, see `ClusterSettings`.
        max_training_maps: Maximum number of training maps.
        seeds: Random seeds of the repetitions.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the bootstrap.
        candidates: Numbers of clusters.

    Returns:
        Rows of `methodtable.method_table`, one table after the other.
    """
    vectors = [_vectors(maps, summary, max_training_maps) for maps in (real, surrogate)]
    tables = []
    for k in candidates:
        repetitions = [
            Repetitions(
                {("kmeans", s): _repeat_kmeans(z, maps, k, max_training_maps, s) for s in seeds},
                maps.table,
            )
            for z, maps in zip(vectors, (real, surrogate), strict=True)
        ]
        tables.append(method_table(*repetitions, k=k, resamples=resamples, seed=seed))
    return pd.concat(tables, ignore_index=True)


def chosen_number(table: pd.DataFrame) -> int:
    """Choose the number of clusters from the table of `number_table`.

    Candidates are the numbers whose clusterings of resampled days agree more closely than those of
    surrogate maps, beyond the 95 % interval. Of these, the number with the largest positive CRPS
    skill on the validation days is chosen; 1 where there is none. The test days are not used.
    """
    rows = table[(table["seed"] == ALL_SEEDS) & (table["method"] == "kmeans")].set_index("k")
    gain = rows[rows["measure"] == "stability_days_over_null"]
    skill = rows[(rows["measure"] == "crps_skill") & (rows["group"] == "validation")]["value"]
    skill = skill.reindex(gain.index[gain["low"] > 0])
    useful = skill[skill > 0]
    return int(useful.index[int(useful.argmax())]) if len(useful) else 1


@torch.no_grad()
def _vectors(maps: MapSet, summary: Summary, max_training_maps: int) -> torch.Tensor:
    """Vectors of all maps, dims (n, L), scaled for the training maps."""
    train = thinned(maps.training_rows, max_training_maps)
    network, _ = summarised(maps.encoder, maps.rain[train], summary)
    parts = torch.from_numpy(maps.rain).split(ENCODE_BATCH)
    return torch.cat([network.encode(part.float()) for part in parts])


def _repeat_kmeans(
    z: torch.Tensor, maps: MapSet, k: int, max_training_maps: int, seed: int
) -> pd.DataFrame:
    """Table of `repeats.repeat_clusters` for k-means of vectors (n, L)."""
    train = maps.training_rows
    resampled = resampled_rows(maps.table["time"], train, seed)
    labels = []
    for rows, fit_seed in ((train, seed), (resampled, seed + 1000)):
        fitted = z[torch.from_numpy(thinned(rows, max_training_maps))].numpy()
        centres, _ = kmeans_start(fitted, k, starts=20, seed=fit_seed)
        labels.append(squared_distances(z, centres).argmin(dim=1).numpy())
    return maps.table[["time", "split"]].assign(cluster=labels[0], resampled=labels[1], revived=0)
