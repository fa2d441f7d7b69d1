"""The same clustering again and again: other seeds, other days, and a world without clusters."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.clustering.algorithms.classical import LatentKMeans
from rainscore.clustering.algorithms.methods import BATCH
from rainscore.clustering.maps import ClusterSettings, fit_clusters, read_rain, thinned
from rainscore.clustering.surrogates import make_surrogates
from rainscore.training.autoencoder import AutoEncoder
from rainscore.training.modelfiles import load_arrays


def scored_maps(latents: pd.DataFrame, table: pd.DataFrame, min_wet: float = 0.0) -> pd.DataFrame:
    """Maps with at least a wet share, in order of time: time, split, wet_share, map_score, regime.

    Args:
        latents: Table time, split, wet_share of all maps.
        table: The score tables of the months; a map without score, or without a known regime, has
            NaN there.
        min_wet: The wet share.
    """
    columns = table[["time", "map_score", "regime"]]
    maps = latents[["time", "split", "wet_share"]].merge(columns, on="time", how="left")
    return maps[maps["wet_share"] >= min_wet].sort_values("time", ignore_index=True)


def read_world(
    paths: Sequence[Path | str], maps: pd.DataFrame, min_wet: float
) -> tuple[np.ndarray, pd.DataFrame]:
    """Log-rain (n, 1, y, x) and table of the maps with enough rain, of a world of either kind.

    Args:
        paths: Training files; or the one file of surrogates and its card.
        maps: Table time, split, wet_share; rows of the surrogates as they lie in their file.
        min_wet: Least wet share.
    """
    maps = maps[maps["wet_share"] >= min_wet].sort_values("time", ignore_index=True)
    stem = Path(paths[-1])
    if stem.suffix == ".safetensors":
        return load_arrays(stem.with_suffix(""))[0]["rain"], maps
    return read_rain([Path(path) for path in paths], maps["time"].to_numpy()), maps


def null_world(
    paths: Sequence[Path],
    maps: pd.DataFrame,
    encoder: AutoEncoder,
    *,
    min_wet: float,
    most: int,
    epochs: int,
    seed: int,
) -> tuple[np.ndarray, pd.DataFrame, AutoEncoder]:
    """Maps without clusters, and the auto-encoder as it is after learning from them.

    Args:
        paths: Training files.
        maps: Every real map: time, split, wet_share, map_score.
        encoder: That of the real maps; it goes on learning.
        min_wet: Maps with a smaller wet share are left out.
        most: Surrogates that it learns from, at most.
        epochs: How long, as long as a joint method may.
        seed: Of the draws.

    Returns:
        Log-rain of the surrogates with enough rain, dims (n, 1, y, x); their table (time, split,
        wet_share, map_score), the last two of their partners; and the auto-encoder.
    """
    maps = maps.sort_values("time", ignore_index=True)
    rain = read_rain(paths, maps["time"].to_numpy())[:, 0]
    drawn, partner = make_surrogates(
        rain, maps["time"].to_numpy(), maps["wet_share"].to_numpy(), maps["split"].to_numpy(),
        seed=seed,
    )  # fmt: skip
    table = maps[["time", "split"]].join(
        maps[["wet_share", "map_score"]].iloc[partner].reset_index(drop=True)
    )
    rainy = (table["wet_share"] >= min_wet).to_numpy()
    table, surrogates = table[rainy].reset_index(drop=True), drawn[rainy][:, None]
    train = thinned(np.flatnonzero(table["split"] == "train"), most)
    learner = LatentKMeans(
        k=1, network=encoder, pretrain_epochs=epochs, batch=BATCH, seed=seed,
        progress=False,
    )  # fmt: skip
    return surrogates, table, learner.fit(surrogates[train]).network_.cpu()


def days_again(times: pd.Series, rows: np.ndarray, seed: int) -> np.ndarray:
    """Rows of as many days as the rows have, drawn from theirs with replacement, in order."""
    days = times.to_numpy()[rows].astype("datetime64[D]")
    names = np.unique(days)
    drawn = np.random.default_rng([seed, 7]).choice(names, len(names))
    return np.concatenate([rows[days == day] for day in np.sort(drawn)])


def repeat_clusters(
    rain: np.ndarray,
    maps: pd.DataFrame,
    encoder: AutoEncoder,
    method: str,
    *,
    settings: ClusterSettings,
    seed: int,
) -> pd.DataFrame:
    """Cluster the training maps, and days drawn from them with replacement; assign all maps twice.

    Args:
        rain: Log-rain maps, dims (n, 1, y, x), all with enough rain.
        maps: Their table: time, split.
        encoder, method, settings: Of `maps.fit_clusters`.
        seed: Of the method and of the days.

    Returns:
        time, split, cluster, resampled (the cluster by the drawn days); and, alike in all rows,
        seconds (of processor time for one fit and the assignment of all maps, mean of the two) and
        revived (empty clusters set anew in both).
    """
    train = np.flatnonzero(maps["split"] == "train")
    other = days_again(maps["time"], train, seed)
    start = time.process_time()
    first, second = (
        fit_clusters(
            rain[thinned(rows, settings.max_training_maps)],
            encoder,
            method,
            settings=settings,
            seed=s,
        )
        for rows, s in ((train, seed), (other, seed + 1000))
    )
    return maps[["time", "split"]].assign(
        cluster=first.predict(rain),
        resampled=second.predict(rain),
        seconds=(time.process_time() - start) / 2,
        revived=first.revived_ + second.revived_,
    )
