"""The score of whole maps on the held-out days: who predicts it, who finds the bad maps."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from rainscore.evaluation.baselines import NearestMaps
from rainscore.evaluation.ranks import (
    FOUND_BINS,
    PREDICTED_BINS,
    auc,
    bad_places,
    rank_places,
    rank_table,
    spearman,
)
from rainscore.evaluation.skill import DaySums, paired_table, pixel_statistics, skill_table
from rainscore.times import season_of

BAD = 0.2
"""A map is bad whose score is among this share of the lowest of the training days."""


QUALITY_CLASSES = 10


class MapSkill(NamedTuple):
    """Tables as of `skill.skill_table` and `evaluation.paired_table`."""

    skill: pd.DataFrame
    paired: pd.DataFrame


def judge_maps(
    whole: pd.DataFrame,
    quality: pd.DataFrame,
    table: pd.DataFrame,
    clusters: Mapping[str, pd.DataFrame],
    nearest: NearestMaps,
    levels: Sequence[float],
    *,
    resamples: int,
    seed: int,
) -> MapSkill:
    """Judge the map score of the U-Net beside what else tells it, on maps with rain in IMERG.

    Every method learns from such maps too: where IMERG has no rain at all the score is 0, or there
    is none, and nothing needs to be told.

    Args:
        whole: Held-out maps: time, value, low, high (of the U-Net), quality (mean quality index).
        quality: Training maps: time, quality.
        table: Score tables of all months (time, map_score, imerg_wet_windows, regime).
        clusters: Clusters of all maps by method (time, cluster).
        nearest: The nearest training maps.
        levels: Quantile levels.
        resamples, seed: As in `skill.skill_table`.
    """
    scores = table.set_index("time")["map_score"]
    rainy = table.loc[table["imerg_wet_windows"] > 0, "time"]
    past = scores[scores.index.isin(quality["time"]) & scores.index.isin(rainy)].dropna()
    found = scores.reindex(whole["time"]).to_numpy()
    judged = np.isfinite(found) & whole["value"].notna().to_numpy()
    whole, found = whole[judged].reset_index(drop=True), found[judged]
    predicted = _predictions(whole, quality, past, clusters, nearest, levels)
    bad = found <= past.quantile(BAD)
    sums = DaySums()
    ranks, worst = DaySums(PREDICTED_BINS * FOUND_BINS), DaySums(PREDICTED_BINS * 2)
    day = whole["time"].dt.strftime("%Y-%m-%d").to_numpy()
    groups = {"map": np.full(len(whole), "all")}
    groups["map season"] = whole["time"].dt.month.map(season_of).to_numpy()
    regime = table.set_index("time")["regime"].reindex(whole["time"])
    if regime.notna().all():
        groups["map regime"] = regime.to_numpy(str)
    for method, values in predicted.items():
        middle = values[:, len(levels) // 2]
        rows = pixel_statistics(values, found, levels)
        places = rank_places(middle, found), bad_places(middle, bad)
        for split, label in groups.items():
            names, index = np.unique(label, return_inverse=True)
            for one in np.unique(day):
                here = day == one
                place = (method, one, split, names.tolist(), index[here])
                sums.add(*place, rows[here])
                ranks.count(*place, places[0][here])
                worst.count(*place, places[1][here])
    draws = {"resamples": resamples, "seed": seed}
    skill = [
        skill_table(sums, reference="climatology", **draws),
        rank_table(ranks, "rank_correlation", spearman, **draws),
        rank_table(worst, "auc_bad_map", auc, **draws),
    ]
    paired = paired_table(sums, splits=("map",), **draws)
    return MapSkill(pd.concat(skill, ignore_index=True), paired)


def _predictions(
    whole: pd.DataFrame,
    quality: pd.DataFrame,
    past: pd.Series,
    clusters: Mapping[str, pd.DataFrame],
    nearest: NearestMaps,
    levels: Sequence[float],
) -> dict[str, np.ndarray]:
    """Quantiles of the map score by method, dims (map, level)."""
    bounds = whole[["low", "value", "high"]].to_numpy()
    known = np.array([0.05, 0.5, 0.95])
    everything = past.quantile(list(levels)).to_numpy()

    def by_label(labels: pd.Series, here: np.ndarray) -> np.ndarray:
        rows = pd.DataFrame({"label": labels, "score": past}).dropna()
        found = rows.groupby("label")["score"].quantile(np.array(levels)).unstack()
        quantiles = found.reindex(here).to_numpy()
        return np.where(np.isfinite(quantiles), quantiles, everything)

    edges = quality["quality"].quantile(np.arange(1, QUALITY_CLASSES) / QUALITY_CLASSES).to_numpy()

    def quality_class(values: pd.Series) -> np.ndarray:
        return np.where(values.notna(), np.searchsorted(edges, values), -1)

    of_quality = pd.Series(quality_class(quality["quality"]), index=quality["time"])
    times = whole["time"].to_numpy()
    return {
        "climatology": np.broadcast_to(everything, (len(whole), len(levels))),
        "quality index": by_label(of_quality, quality_class(whole["quality"])),
        **{
            f"cluster ({name})": by_label(
                table.set_index("time")["cluster"],
                table.set_index("time")["cluster"].reindex(times).to_numpy(),
            )
            for name, table in clusters.items()
        },
        "nearest maps": nearest.predict_maps(times, past, levels),
        "U-Net": np.stack([np.interp(levels, known, row) for row in bounds]),
    }
