"""What the novelty flag is worth: its false alarms, and which changes of a map it sees."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.clustering.algorithms.base import DeepClusterer
from rainscore.clustering.maps import read_rain, thinned
from rainscore.clustering.scorecounts import DRY
from rainscore.scores.bootstrap import day_weights, interval
from rainscore.training.channels import scale_rain, unscale_rain

MOST_MAPS = 200
"""Held-out maps that are changed, evenly spread: more would add little to what is said."""


def false_alarms(clusters: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """Share of the clustered test maps that is called new, though they are of the same world.

    Args:
        clusters: time, split, cluster, novel.
        resamples: Bootstrap samples of days.
        seed: Of the samples.

    Returns:
        One row as those of `heldout.check_labels`; none without a clustered test map.
    """
    test = _clustered_test(clusters)
    if test.empty:
        return pd.DataFrame()
    row = _share(test["time"], test["novel"].to_numpy(), resamples=resamples, seed=seed)
    return pd.DataFrame([{**row, "measure": "false_alarms", "group": "all"}])


def detections(
    clusterer: DeepClusterer,
    paths: Sequence[Path],
    clusters: pd.DataFrame,
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Share of clustered test maps that is called new once they are changed in a known way.

    A change that is called new no more often than the maps themselves (`false_alarms`) is one that
    the flag does not see.

    Args:
        clusterer: Of `methods.load_clusterer`: its card has the threshold.
        paths: Training files.
        clusters: time, split, cluster.
        resamples: Bootstrap samples of days.
        seed: Of the samples and of the changes.

    Returns:
        One row for each of `CHANGES`, as those of `heldout.check_labels`; none without a clustered
        test map.
    """
    times = _clustered_test(clusters)["time"]
    if times.empty:
        return pd.DataFrame()
    times = times.iloc[thinned(np.arange(len(times)), MOST_MAPS)]
    rain = read_rain(paths, times.to_numpy()).astype(np.float32)
    rows = []
    for name, change in CHANGES.items():
        # In half precision, as the training files keep it.
        changed = change(rain, np.random.default_rng(seed)).astype(np.float16)
        novel = clusterer.novelty(changed) > clusterer.card_["novelty_threshold"]
        row = _share(times, novel, resamples=resamples, seed=seed)
        rows.append({**row, "measure": "detected", "group": name})
    return pd.DataFrame(rows)


def _clustered_test(clusters: pd.DataFrame) -> pd.DataFrame:
    test = clusters[(clusters["split"] == "test") & (clusters["cluster"] != DRY)]
    return test.sort_values("time")


def _share(times: pd.Series, novel: np.ndarray, *, resamples: int, seed: int) -> dict:
    """The share that is called new, with its 95 % interval from resampling days."""
    sums = pd.Series(novel).groupby(times.dt.normalize().to_numpy()).agg(["sum", "count"])
    weights = day_weights(len(sums), resamples=resamples, seed=seed)
    drawn = weights @ sums.to_numpy(float)
    low, high = interval(drawn[:, 0] / drawn[:, 1], len(sums))
    found = {"value": novel.mean(), "low": low, "high": high, "days": len(sums), "n": len(novel)}
    return {"method": "cluster", "split": "novelty", **found}


Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def _times(factor: float) -> Change:
    return lambda x, rng: scale_rain(factor * unscale_rain(x))


def _dry_columns(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The western half is missing, and was filled with zeros."""
    return np.where(np.arange(x.shape[-1]) < x.shape[-1] // 2, 0, x)


def _chequered(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where(np.indices(x.shape[-2:]).sum(axis=0) % 2, 0, x)


def _striped(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where(np.arange(x.shape[-2])[:, None] % 10, x, 0)


def _at_pixels(rows: Callable[[int], np.ndarray]) -> Change:
    """Each pixel taken from another row and column, the nearest of another resolution."""
    return lambda x, rng: x[..., rows(x.shape[-2]), :][..., rows(x.shape[-1])]


def _scattered(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.permuted(x.reshape(len(x), -1), axis=1).reshape(x.shape)


def _block(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    changed = x.copy()
    middle = [slice(2 * n // 5, 3 * n // 5) for n in x.shape[-2:]]
    changed[..., middle[0], middle[1]] = scale_rain(np.array(20.0))
    return changed


CHANGES: dict[str, Change] = {
    "rain × 0.2": _times(0.2),
    "rain × 5": _times(5.0),
    "rain × 20": _times(20.0),
    "at least 0.3 mm/h everywhere": lambda x, rng: np.maximum(x, scale_rain(np.array(0.3))),
    "a square of 20 mm/h": _block,
    "noise, 2 mm/h": lambda x, rng: scale_rain(rng.exponential(2.0, x.shape)),
    "pixels in random places": _scattered,
    "every other pixel dry": _chequered,
    "every tenth row dry": _striped,
    "half missing, filled as dry": _dry_columns,
    "four times coarser": _at_pixels(lambda n: np.arange(n) // 4 * 4),
    "twice enlarged": _at_pixels(lambda n: n // 4 + np.arange(n) // 2),
}
"""Ways in which a map is changed; the square's side is a fifth of the map's."""
