"""Repeated clusterings: with other seeds, and on days resampled with replacement."""

import numpy as np
import pandas as pd

from rainscore.clustering.mapclusters import ClusterSettings, fit_clusters
from rainscore.clustering.mapsets import MapSet, thinned


def resampled_rows(times: pd.Series, rows: np.ndarray, seed: int) -> np.ndarray:
    """Resample the days of some rows with replacement.

    Args:
        times: Half-hours of all maps.
        rows: Row numbers of the maps to resample.
        seed: Random seed.

    Returns:
        Row numbers of as many days as `rows` covers, in order of time; those of a day that is
        drawn twice occur twice.
    """
    day = times.to_numpy()[rows].astype("datetime64[D]")
    days = np.unique(day)
    drawn = np.random.default_rng([seed, 7]).choice(days, len(days))
    return np.concatenate([rows[day == drawn_day] for drawn_day in np.sort(drawn)])


def repeat_clusters(
    maps: MapSet, method: str, *, settings: ClusterSettings, seed: int
) -> pd.DataFrame:
    """Cluster the training maps, then a resample of their days; assign all maps with both fits.

    Args:
        maps: The maps.
        method, settings: See `mapclusters.fit_clusters`.
        seed: Random seed of the method and of the resampling.

    Returns:
        time, split, cluster (fit on the training maps), resampled (cluster of the fit on resampled
        days); and, constant in all rows, revived (empty clusters that were restarted in both
        fits).
    """
    train = maps.training_rows
    resampled = resampled_rows(maps.table["time"], train, seed)
    first, second = (
        fit_clusters(
            maps.rain[thinned(rows, settings.max_training_maps)],
            maps.encoder,
            method,
            settings=settings,
            seed=fit_seed,
        )
        for rows, fit_seed in ((train, seed), (resampled, seed + 1000))
    )
    return maps.table[["time", "split"]].assign(
        cluster=first.predict(maps.rain),
        resampled=second.predict(maps.rain),
        revived=first.revived_ + second.revived_,
    )
