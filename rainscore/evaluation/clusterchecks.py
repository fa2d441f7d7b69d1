"""What the labels of clusters are worth on held-out days: coverage, skill, false alarms."""

import numpy as np
import pandas as pd

from rainscore.clustering.labels import HELD
from rainscore.clustering.novelty import false_alarms
from rainscore.clustering.scorecounts import (
    BINS,
    ScoreCounts,
    blended,
    count_scores,
    quantiles,
    score_intervals,
)
from rainscore.evaluation.skill import COLUMNS, DaySums, paired_table, pixel_statistics, skill_table

CLIMATOLOGY, CLUSTER, UNET, POOL = "climatology", "cluster", "U-Net", "U-Net and cluster"


TAU = [round(0.05 * i, 2) for i in range(1, 20)]
"""Levels of the quantiles that are compared."""


FOLDS = 24
"""Parts of the days that are left out in turn, at most."""


def check_labels(
    clusters: pd.DataFrame, table: pd.DataFrame, unet: pd.Series, *, resamples: int, seed: int
) -> pd.DataFrame:
    """Measure labels on days that they have not seen.

    - split `map`: the test days, with labels from all others: the cluster's distribution, the
      U-Net's map score, both together, climatology. `crps_skill` is against climatology,
      `crps_gain` against the U-Net alone, on the same resampled days.
    - split `cluster`: the same by cluster.
    - split `left out`: all days but the gaps, in at most FOLDS parts, each told by labels from the
      other parts: more days than the test split has, for the coverage of the method rather than of
      these labels.
    - split `novelty`: `false_alarms`, the share of the clustered test maps that is called new.

    Args:
        clusters: time, split, cluster, novel.
        table: Score tables: time, map_score.
        unet: Map score that the U-Net predicts, by time, for the calibration and the test days.
        resamples: Bootstrap samples of days.
        seed: Of the samples.

    Returns:
        method, measure, split, group, value, low, high (95 %, days resampled), days, n.
    """
    rows = clusters.merge(table[["time", "map_score"]], on="time", validate="one_to_one")
    rows = rows[rows["split"] != "gap"].dropna(subset=["map_score"])
    rows["unet"] = unet.reindex(rows["time"]).to_numpy()
    held = rows["split"].isin(HELD)
    known, test = rows[~held], rows[held]
    draws = {"resamples": resamples, "seed": seed}
    days = DaySums()
    told = {**_by_label(known, test), **_by_unet(known, test)}
    _add(days, test, told, "map", np.full(len(test), "all"))
    _add(days, test, told, "cluster", test["cluster"].astype(str).to_numpy())
    for out in _folds(rows):
        away, here = rows[~rows["time"].isin(out)], rows[rows["time"].isin(out)]
        _add(days, here, _by_label(away, here), "left out", np.full(len(here), "all"))
    tables = [skill_table(days, reference=CLIMATOLOGY, **draws), false_alarms(clusters, **draws)]
    if POOL in told:
        pairs = paired_table(days, splits=["map"], **draws).drop(columns=["low", "high"])
        gain = pairs[(pairs["other"] == UNET) & pairs["method"].isin([CLUSTER, POOL])]
        named = {"skill": "value", "skill_low": "low", "skill_high": "high"}
        tables.append(gain.rename(columns=named).assign(measure="crps_gain")[COLUMNS])
    return pd.concat(tables, ignore_index=True)


def _folds(rows: pd.DataFrame) -> list[np.ndarray]:
    """Half-hours of consecutive days, in at most FOLDS parts; none of a single day."""
    day = rows["time"].dt.normalize()
    days = np.unique(day)
    parts = np.array_split(days, min(FOLDS, len(days))) if len(days) > 1 else []
    return [rows.loc[day.isin(part), "time"].to_numpy() for part in parts]


def _by_label(known: pd.DataFrame, new: pd.DataFrame) -> dict[str, np.ndarray]:
    """Quantiles (map, TAU) of the score of new maps from labels of known ones."""
    scores = count_scores(known, pd.concat([known, new])["cluster"].to_numpy())
    place = np.searchsorted(scores.clusters, new["cluster"].to_numpy())
    whole = np.quantile(known["map_score"], TAU)
    return {
        CLIMATOLOGY: np.broadcast_to(whole, (len(new), len(TAU))),
        CLUSTER: label_quantiles(scores)[place],
    }


def label_quantiles(scores: ScoreCounts) -> np.ndarray:
    """Quantiles of each cluster, dims (cluster, TAU); the outer two are the calibrated interval."""
    found = quantiles(blended(scores.counts, scores.clusters), TAU)
    ends = score_intervals(scores)
    low, high = (ends[name].to_numpy()[:, None] for name in ("score_low", "score_high"))
    return np.hstack([low, np.clip(found[:, 1:-1], low, high), high])


def _by_unet(known: pd.DataFrame, new: pd.DataFrame) -> dict[str, np.ndarray]:
    """Quantiles (map, TAU) from the U-Net's map score, alone and together with the cluster.

    The U-Net's distribution is its map score and the errors of the calibration days. The two are
    averaged quantile by quantile; the weight is that which tells the calibration days best, each
    from the errors and the labels of the other days. Where the U-Net says nothing (no rain in any
    window) the cluster speaks for it; with a single calibration day nothing is returned.
    """
    held = known[(known["split"] == "calibration") & known["unet"].notna()]
    day = held["time"].dt.normalize()
    if day.nunique() < 2 or new.empty:
        return {}
    network, label = (np.empty((len(held), len(TAU))) for _ in range(2))
    for one in day.unique():
        here = (day == one).to_numpy()
        away = known[known["time"].dt.normalize() != one]
        network[here] = _with_errors(held[~here], held[here])
        label[here] = _by_label(away, held[here])[CLUSTER]
    weight = pool_weight(network, label, held["map_score"].to_numpy())
    from_label = _by_label(known, new)[CLUSTER]
    from_network = _with_errors(held, new)
    silent = np.isnan(from_network)
    from_network = np.where(silent, from_label, from_network)
    return {UNET: from_network, POOL: weight * from_network + (1 - weight) * from_label}


def _with_errors(held: pd.DataFrame, new: pd.DataFrame) -> np.ndarray:
    """Quantiles (map, TAU): the U-Net's map score of new maps and its errors on known ones."""
    errors = np.quantile(held["map_score"] - held["unet"], TAU)
    return np.clip(new["unet"].to_numpy()[:, None] + errors, 0, 1)


def pool_weight(first: np.ndarray, second: np.ndarray, truth: np.ndarray) -> float:
    """Weight of the first of two sets of quantiles (map, TAU) whose average tells `truth` best.

    By the continuous ranked probability score, to a twentieth.
    """
    weights = np.linspace(0, 1, 21)
    loss = [
        pixel_statistics(w * first + (1 - w) * second, truth, TAU)[:, 1].mean() for w in weights
    ]
    return float(weights[int(np.argmin(loss))])


def _add(
    days: DaySums, rows: pd.DataFrame, told: dict[str, np.ndarray], split: str, group: np.ndarray
) -> None:
    """Add the statistics of predicted quantiles to the sums of their days."""
    # Labels count scores to 1 / BINS: so must a score that is held against their ends.
    truth = np.rint(rows["map_score"].to_numpy() * BINS) / BINS
    day = rows["time"].dt.strftime("%Y-%m-%d").to_numpy()
    names, groups = np.unique(group, return_inverse=True)
    for method, values in told.items():
        statistics = pixel_statistics(values, truth, TAU)
        for one in np.unique(day):
            here = day == one
            days.add(method, one, split, names.tolist(), groups[here], statistics[here])


def value_of(checks: pd.DataFrame, method: str, measure: str, split: str) -> pd.Series | None:
    """The row of a measure over all maps; None where it was not measured."""
    rows = checks[
        (checks["method"] == method)
        & (checks["measure"] == measure)
        & (checks["split"] == split)
        & (checks["group"] == "all")
    ]
    return rows.iloc[0] if len(rows) else None
