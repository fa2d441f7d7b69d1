"""The number of clusters, chosen by what comes again and by what it is for; one is a candidate."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import torch

from rainscore.clustering.algorithms.assignments import squared_distances
from rainscore.clustering.algorithms.base import AT_ONCE
from rainscore.clustering.algorithms.pooled import Summarised
from rainscore.clustering.algorithms.starts import kmeans_start
from rainscore.clustering.comparison import ALL_SEEDS
from rainscore.clustering.maps import summarised, thinned
from rainscore.clustering.methodtable import method_table
from rainscore.clustering.repeats import days_again
from rainscore.training.autoencoder import AutoEncoder, Summary

MOST = 12
"""Largest number that is tried."""


World = tuple[np.ndarray, pd.DataFrame, AutoEncoder]
"""Log-rain maps (n, 1, y, x), their table (time, split, wet_share, map_score), an auto-encoder."""


def number_table(
    real: World,
    null: World,
    *,
    summary: Summary,
    most_maps: int,
    seeds: Sequence[int],
    resamples: int,
    seed: int,
    candidates: Iterable[int] = range(2, MOST + 1),
) -> pd.DataFrame:
    """Tables of `methodtable.method_table` of k-means, one number of clusters after the other.

    Args:
        real, null: The maps, and maps without clusters.
        summary, most_maps: What stands for a map; training maps that are learnt from, at most.
        seeds, resamples, seed: Repetitions; draws of days; of the draws.
        candidates: Numbers of clusters.
    """
    encoded = [(_vectors(world, summary, most_maps), world[1]) for world in (real, null)]
    tables = []
    for k in candidates:
        runs = [
            {("kmeans", s): _repeated(z, maps, k, most_maps, s) for s in seeds}
            for z, maps in encoded
        ]
        tables.append(
            method_table(runs[0], real[1], runs[1], null[1], k=k, resamples=resamples, seed=seed)
        )
    return pd.concat(tables, ignore_index=True)


def chosen_number(table: pd.DataFrame) -> int:
    """Of the numbers whose clusters come again on other days more surely than without clusters
    (beyond the 95 % interval), the one with most CRPS skill on the validation days; else 1.

    The test days have no say. One cluster has no skill: the others must have some.
    """
    rows = table[(table["seed"] == ALL_SEEDS) & (table["method"] == "kmeans")].set_index("k")
    gain = rows[rows["measure"] == "stability_days_over_null"]
    skill = rows[(rows["measure"] == "crps_skill") & (rows["group"] == "validation")]["value"]
    skill = skill.reindex(gain.index[gain["low"] > 0])
    useful = skill[skill > 0]
    return int(useful.index[int(useful.argmax())]) if len(useful) else 1


@torch.no_grad()
def _vectors(world: World, summary: Summary, most_maps: int) -> torch.Tensor:
    """What is clustered (n, L) of all maps of a world."""
    rain, maps, encoder = world
    train = thinned(np.flatnonzero(maps["split"] == "train"), most_maps)
    network: Summarised = summarised(encoder, rain[train], summary)[0]
    return torch.cat([network.encode(x.float()) for x in torch.from_numpy(rain).split(AT_ONCE)])


def _repeated(
    z: torch.Tensor, maps: pd.DataFrame, k: int, most_maps: int, seed: int
) -> pd.DataFrame:
    """As `repeats.repeat_clusters`, by k-means of vectors."""
    train = np.flatnonzero(maps["split"] == "train")
    found = []
    for rows, s in ((train, seed), (days_again(maps["time"], train, seed), seed + 1000)):
        own = z[torch.from_numpy(thinned(rows, most_maps))].numpy()
        centres, _ = kmeans_start(own, k, starts=20, seed=s)
        found.append(squared_distances(z, centres).argmin(dim=1).numpy())
    return maps[["time", "split"]].assign(
        cluster=found[0], resampled=found[1], seconds=0.0, revived=0
    )
