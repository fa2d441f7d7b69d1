"""The held-out days: every method's prediction of the score beside the score found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from rainscore.analysis.classes import AGE_CLASSES, AGE_NAMES, QUALITY_CLASSES, RAIN_NAMES
from rainscore.evaluation.baselines import (
    ERROR_CLASSES,
    Baseline,
    ByClass,
    NearestMaps,
    cluster_class,
    error_class,
)
from rainscore.evaluation.blocks import Block, read_blocks
from rainscore.evaluation.boosting import Boosting
from rainscore.evaluation.hidden import HiddenRain
from rainscore.evaluation.mapskill import judge_maps
from rainscore.evaluation.ranks import FOUND_BINS, PREDICTED_BINS, rank_places, rank_table, spearman
from rainscore.evaluation.skill import (
    DaySums,
    paired_table,
    pixel_statistics,
    share_table,
    skill_table,
)
from rainscore.imerg.passes import SOURCE_NAMES
from rainscore.times import SEASONS, season_of
from rainscore.training.calibration import calibrated
from rainscore.training.inference import forward
from rainscore.training.mapscore import map_features, map_score
from rainscore.training.unet import UNet

CLIMATOLOGY = "climatology"


UNET = "U-Net"


HOURS = tuple(f"{hour:02d}–{hour + 3:02d} UTC" for hour in range(0, 24, 3))


TIE = 0.01
"""Scores nearer than this to a quantile are level with it."""


RAIN_AT_PIXEL = ("rain beside the pixel", "rain at the pixel")


@dataclass(frozen=True)
class Skill:
    """What was found on the held-out days; every table with 95 % intervals over days.

    Attributes:
        skill: Columns method, measure, split, group, value, low, high, days, n: `split` is the
            grouping (all, season, source, age, intensity, rain, hour, regime; those of whole maps
            begin with `map`; `hidden`: probability of hidden rain, by the Brier score).
        paired: Of `skill.paired_table`, methods against each other.
        coverage: The U-Net's 90 % interval: kind, group, coverage, low, high, n, days.
        reliability: what (`score` or `hidden rain`), level (of the quantile, or the probability
            told), share (found: of scores at or below the quantile, of windows with rain), low,
            high, n, days; and, of scores, less: the share that is below by more than TIE. Scores
            pile up at 0 and 1, so a right quantile has its level between less and share.
    """

    skill: pd.DataFrame
    paired: pd.DataFrame
    coverage: pd.DataFrame
    reliability: pd.DataFrame


def make_baselines(
    clusters: Mapping[str, pd.DataFrame],
    nearest: NearestMaps,
    *,
    share: float,
    wet_threshold: float,
    seed: int,
) -> dict[str, Baseline]:
    """The baselines by name, before they have learnt anything.

    Args:
        clusters: Clusters of all maps by method (time, cluster).
        nearest: Of the latent vectors of all maps.
        share: Share of the training windows that gradient boosting learns from.
        wet_threshold: Rates at or above it are wet [mm/h].
        seed: Random seed of gradient boosting.
    """

    def cluster(table: pd.DataFrame, block: Block) -> np.ndarray:
        return cluster_class(table, block.times)[block.map_of]

    return {
        CLIMATOLOGY: ByClass(lambda block: np.zeros(block.found.size, int), 1),
        "source and age": ByClass(
            lambda block: block.classes["source_age"], len(SOURCE_NAMES) * AGE_CLASSES
        ),
        "quality index": ByClass(
            lambda block: block.classes["quality"], QUALITY_CLASSES, rising=True
        ),
        "random error": ByClass(error_class, ERROR_CLASSES),
        **{
            f"cluster ({name})": ByClass(partial(cluster, table), int(table["cluster"].max()) + 2)
            for name, table in clusters.items()
        },
        "nearest maps": nearest,
        "gradient boosting": Boosting(share, wet_threshold=wet_threshold, seed=seed),
    }


def evaluate(
    paths: Sequence[Path],
    splits: pd.DataFrame,
    table: pd.DataFrame,
    model: UNet,
    card: dict,
    calibration: dict,
    clusters: Mapping[str, pd.DataFrame],
    latents: pd.DataFrame,
    *,
    boosting_windows: int,
    resamples: int,
    seed: int,
) -> Skill:
    """Skill of every method on the test days, where IMERG has rain; of whole maps; of hidden rain.

    Args:
        paths: Training files.
        splits: Of `period.split_blocks`.
        table: Score tables of all months.
        model, card, calibration: The U-Net, its card, its calibration.
        clusters: As in `make_baselines`.
        latents: Latent vectors of all maps.
        boosting_windows: Training windows that gradient boosting learns from, about.
        resamples: Bootstrap samples of days.
        seed: Of the samples and of the boosting.
    """
    levels = model.settings.levels
    train, test = (splits.loc[splits["split"] == name, "time"] for name in ("train", "test"))
    known = table.set_index("time")["imerg_wet_windows"].reindex(train).sum()
    share = min(boosting_windows / max(known, 1), 1.0)
    nearest = NearestMaps(latents)
    baselines = make_baselines(
        clusters, nearest, share=share, wet_threshold=card["score"]["wet_threshold_mm_h"], seed=seed
    )
    quality = []
    for block in read_blocks(paths, train.to_numpy(), card["hidden"]):
        quality.append(_mean_quality(block))
        for baseline in baselines.values():
            baseline.learn(block)
    regimes = table.set_index("time")["regime"]
    sums, ranks = DaySums(), DaySums(PREDICTED_BINS * FOUND_BINS)
    hidden, below, whole = HiddenRain(), DaySums(2 * len(levels) + 1), []
    for block in read_blocks(paths, test.to_numpy(), card["hidden"]):
        quantiles, logit = forward(model, block.inputs)
        features = map_features(quantiles, expit(logit), block.wet, block.truth, block.inputs)
        scores = map_score(features, calibration["map"])
        whole.append(scores.assign(time=block.times, quality=_mean_quality(block)["quality"]))
        hidden.add(block, expit(logit.astype(np.float64)))
        ours = calibrated(quantiles, block.inputs, calibration).transpose(0, 2, 3, 1)[block.judged]
        predicted = {name: one.predict(block, levels) for name, one in baselines.items()}
        predicted[UNET] = ours.astype(np.float64)
        _count_below(below, block, ours)
        _add(sums, ranks, block, predicted, levels, regimes)
    draws = {"resamples": resamples, "seed": seed}
    maps = judge_maps(
        pd.concat(whole, ignore_index=True),
        pd.concat(quality, ignore_index=True),
        table,
        clusters,
        nearest,
        levels,
        **draws,
    )
    skill = skill_table(sums, reference=CLIMATOLOGY, **draws)
    order = rank_table(ranks, "rank_correlation", spearman, **draws)
    past = table[table["time"].isin(train)]
    skill = pd.concat([skill, order, maps.skill, hidden.skill(past, **draws)], ignore_index=True)
    paired = paired_table(sums, splits=("all", "season", "source"), **draws)
    return Skill(
        skill,
        pd.concat([paired, maps.paired], ignore_index=True),
        coverage_of(skill, UNET),
        pd.concat([_reliability(below, levels, **draws), hidden.reliability(**draws)]),
    )


def coverage_of(skill: pd.DataFrame, method: str) -> pd.DataFrame:
    """Coverage of a method's interval: kind, group, coverage, low, high, n, days."""
    rows = skill[(skill["measure"] == "coverage") & (skill["method"] == method) & (skill["n"] > 0)]
    names = {"split": "kind", "value": "coverage"}
    columns = ["kind", "group", "coverage", "low", "high", "n", "days"]
    return rows.rename(columns=names)[columns].reset_index(drop=True)


def _mean_quality(block: Block) -> pd.DataFrame:
    """Mean quality index over each map's windows with rain: time, quality; NaN without any."""
    known = block.wet & np.isfinite(block.quality)
    count = known.sum(axis=(1, 2))
    total = np.where(known, block.quality, 0).sum(axis=(1, 2), dtype=np.float64)
    mean = np.where(count, total / np.maximum(count, 1), np.nan)
    return pd.DataFrame({"time": block.times.astype("datetime64[ns]"), "quality": mean})


def _groups(block: Block, regimes: pd.Series) -> dict[str, tuple[Sequence[str], np.ndarray]]:
    """Groupings of the judged windows: names of the groups, and the group of each window."""
    stamps = pd.DatetimeIndex(block.times)
    season = np.array([SEASONS.index(season_of(stamp.month)) for stamp in stamps])
    classes = block.classes
    groups: dict[str, tuple[Sequence[str], np.ndarray]] = {
        "all": (("all",), np.zeros(block.found.size, int)),
        "season": (SEASONS, season[block.map_of]),
        "source": (SOURCE_NAMES, classes["source"]),
        "age": (AGE_NAMES, classes["age"]),
        "intensity": (RAIN_NAMES, classes["intensity"]),
        "rain": (RAIN_AT_PIXEL, (classes["intensity"] > 0).astype(int)),
        "hour": (HOURS, (stamps.hour.to_numpy() // 3)[block.map_of]),
    }
    found = regimes.reindex(stamps)
    if found.notna().all():
        names, index = np.unique(found.to_numpy(str), return_inverse=True)
        groups["regime"] = (names.tolist(), index[block.map_of])
    return groups


def _add(
    sums: DaySums,
    ranks: DaySums,
    block: Block,
    predicted: Mapping[str, np.ndarray],
    levels: Sequence[float],
    regimes: pd.Series,
) -> None:
    """Add a block's predictions, day by day."""
    days = block.times.astype("datetime64[D]")[block.map_of]
    groups = _groups(block, regimes)
    for method, values in predicted.items():
        statistics = pixel_statistics(values, block.found, levels)
        places = rank_places(values[:, len(levels) // 2], block.found)
        for day in np.unique(days):
            here = days == day
            for split, (names, index) in groups.items():
                sums.add(method, str(day), split, names, index[here], statistics[here])
                ranks.count(method, str(day), split, names, index[here], places[here])


def _count_below(below: DaySums, block: Block, quantiles: np.ndarray) -> None:
    """Count the scores at or below each quantile, those clearly below, and all, day by day."""
    days = block.times.astype("datetime64[D]")[block.map_of]
    found = block.found[:, None]
    rows = np.hstack([found <= quantiles, found < quantiles - TIE, np.ones(found.shape)])
    for day in np.unique(days):
        here = days == day
        below.add(UNET, str(day), "all", ["all"], np.zeros(int(here.sum()), int), rows[here])


def _reliability(
    below: DaySums, levels: Sequence[float], *, resamples: int, seed: int
) -> pd.DataFrame:
    """Share of the scores at or below each predicted quantile, and clearly below."""
    rows = share_table(below, resamples=resamples, seed=seed)
    reached, less = rows.iloc[: len(levels)], rows["share"].iloc[len(levels) :]
    return reached.assign(what="score", level=levels, less=less.to_numpy())
