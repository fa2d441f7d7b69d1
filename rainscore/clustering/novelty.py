"""Evaluation of the novelty flag: false alarms, and detection of maps that were altered."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.clustering.algorithms.base import DeepClusterer
from rainscore.clustering.mapsets import read_rain, thinned
from rainscore.clustering.scoredistributions import DRY
from rainscore.scores.bootstrap import day_weights, interval
from rainscore.training.channels import scale_rain, unscale_rain

MAX_MAPS = 200
"""Maximum number of test maps that are altered, evenly spaced in time."""


def false_alarms(clusters: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """Share of the unaltered clustered test maps that are flagged as new.

    Args:
        clusters: Columns time, split, cluster, novel.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the bootstrap.

    Returns:
        One row with the columns of `clusterchecks.check_labels`; none without a clustered test map.
    """
    test = _clustered_test_maps(clusters)
    if test.empty:
        return pd.DataFrame()
    row = _flagged_share(test["time"], test["novel"].to_numpy(), resamples=resamples, seed=seed)
    return pd.DataFrame([{**row, "measure": "false_alarms", "group": "all"}])


def detections(
    clusterer: DeepClusterer,
    paths: Sequence[Path],
    clusters: pd.DataFrame,
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Share of the clustered test maps that are flagged as new after each of `ALTERATIONS`.

    An alteration whose share does not exceed that of `false_alarms` is not detected.

    Args:
        clusterer: From `methods.load_clusterer`; its card holds the threshold.
        paths: Training files.
        clusters: Columns time, split, cluster.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the bootstrap and of the alterations.

    Returns:
        One row per alteration, with the columns of `clusterchecks.check_labels`; none without a
        clustered test map.
    """
    times = _clustered_test_maps(clusters)["time"]
    if times.empty:
        return pd.DataFrame()
    times = times.iloc[thinned(np.arange(len(times)), MAX_MAPS)]
    rain = read_rain(paths, times.to_numpy()).astype(np.float32)
    rows = []
    for name, alter in ALTERATIONS.items():
        # Half precision, as in the training files.
        altered = alter(rain, np.random.default_rng(seed)).astype(np.float16)
        novel = clusterer.novelty(altered) > clusterer.card_["novelty_threshold"]
        row = _flagged_share(times, novel, resamples=resamples, seed=seed)
        rows.append({**row, "measure": "detected", "group": name})
    return pd.DataFrame(rows)


def _clustered_test_maps(clusters: pd.DataFrame) -> pd.DataFrame:
    test = clusters[(clusters["split"] == "test") & (clusters["cluster"] != DRY)]
    return test.sort_values("time")


def _flagged_share(times: pd.Series, novel: np.ndarray, *, resamples: int, seed: int) -> dict:
    """Share of flagged maps, with its 95 % interval from resampled days."""
    sums = pd.Series(novel).groupby(times.dt.normalize().to_numpy()).agg(["sum", "count"])
    weights = day_weights(len(sums), resamples=resamples, seed=seed)
    drawn = weights @ sums.to_numpy(float)
    low, high = interval(drawn[:, 0] / drawn[:, 1], len(sums))
    share = {"value": novel.mean(), "low": low, "high": high, "days": len(sums), "n": len(novel)}
    return {"method": "cluster", "split": "novelty", **share}


Alteration = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""Function from log-rain maps (n, 1, y, x) and a random generator to altered maps."""


def _multiplied(factor: float) -> Alteration:
    return lambda x, rng: scale_rain(factor * unscale_rain(x))


def _at_least(rate: float) -> Alteration:
    return lambda x, rng: np.maximum(x, scale_rain(np.array(rate)))


def _with_square(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rain of 20 mm/h in the central fifth of the rows and columns."""
    altered = x.copy()
    rows, columns = (slice(2 * n // 5, 3 * n // 5) for n in x.shape[-2:])
    altered[..., rows, columns] = scale_rain(np.array(20.0))
    return altered


def _noise(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Independent exponential values with a mean of 2 mm/h."""
    return scale_rain(rng.exponential(2.0, x.shape))


def _shuffled(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The pixels of each map in random order."""
    return rng.permuted(x.reshape(len(x), -1), axis=1).reshape(x.shape)


def _chequered(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every other pixel dry."""
    return np.where(np.indices(x.shape[-2:]).sum(axis=0) % 2, 0, x)


def _striped(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every tenth row dry."""
    return np.where(np.arange(x.shape[-2])[:, None] % 10, x, 0)


def _western_half_dry(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where(np.arange(x.shape[-1]) < x.shape[-1] // 2, 0, x)


def _resampled(positions: Callable[[int], np.ndarray]) -> Alteration:
    """Each pixel taken from another row and column: `positions` of the number of pixels."""
    return lambda x, rng: x[..., positions(x.shape[-2]), :][..., positions(x.shape[-1])]


ALTERATIONS: dict[str, Alteration] = {
    "rain × 0.2": _multiplied(0.2),
    "rain × 5": _multiplied(5.0),
    "rain × 20": _multiplied(20.0),
    "at least 0.3 mm/h everywhere": _at_least(0.3),
    "a square of 20 mm/h": _with_square,
    "noise, 2 mm/h": _noise,
    "pixels in random places": _shuffled,
    "every other pixel dry": _chequered,
    "every tenth row dry": _striped,
    "half missing, filled as dry": _western_half_dry,
    "four times coarser": _resampled(lambda n: np.arange(n) // 4 * 4),
    "twice enlarged": _resampled(lambda n: n // 4 + np.arange(n) // 2),
}
"""Alterations of maps by name."""
