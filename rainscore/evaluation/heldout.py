"""Evaluation of every method on the held-out days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from rainscore.evaluation.baselines import Baseline, NearestMaps, make_baselines
from rainscore.evaluation.blocks import Block, read_blocks, thinned
from rainscore.evaluation.codelabels import CodeLabels
from rainscore.evaluation.coveragegroups import (
    add_by_inputs,
    decile_edges,
    group_table,
    unet_windows,
)
from rainscore.evaluation.daysums import DaySums
from rainscore.evaluation.heldoutsums import LEVELS, HeldOutSums
from rainscore.evaluation.mapfeatures import features_of_maps
from rainscore.evaluation.maprivals import MapModel
from rainscore.evaluation.mapskill import MapSkill, evaluate_maps
from rainscore.evaluation.ranks import (
    rank_table,
    spearman,
)
from rainscore.evaluation.rivals import BOOSTING, fit_rivals, hidden_share, share_of_windows
from rainscore.evaluation.skill import (
    AT_HOME,
    CLIMATOLOGY,
    UNET,
    coverage_table,
    paired_table,
    share_table,
    skill_table,
)
from rainscore.evaluation.transferskill import Case, CaseSums, transfer_table
from rainscore.evaluation.windowgroups import window_groups
from rainscore.training.cards import UNetCard
from rainscore.training.inference import forward
from rainscore.training.mapscore import map_features
from rainscore.training.trained import TrainedUNet


@dataclass(frozen=True)
class EvaluationSettings:
    """Settings of the evaluation.

    Attributes:
        boosting_windows: Approximate number of training windows that the trees learn from.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples and of the rivals.
    """

    boosting_windows: int
    resamples: int
    seed: int

    @property
    def bootstrap(self) -> dict[str, int]:
        """Keyword arguments of the functions that make tables with intervals."""
        return {"resamples": self.resamples, "seed": self.seed}


@dataclass(frozen=True)
class StudyData:
    """Files and tables of a run that the evaluation uses.

    Attributes:
        features: Training files of all months.
        splits: Split of each half-hour (`splits.split_blocks`): time, split.
        table: Score tables of all months.
        clusters: Clusters of all maps (time, cluster) by clustering method.
        latents: Latent vectors of all maps: time, z0, z1, ….
        pairs: Pair files of all months, for the error model; empty: without it.
        codes: Labels of the codes of the windows; None: without them.
    """

    features: Sequence[Path]
    splits: pd.DataFrame
    table: pd.DataFrame
    clusters: Mapping[str, pd.DataFrame]
    latents: pd.DataFrame
    pairs: Sequence[Path] = ()
    codes: CodeLabels | None = None

    def times(self, split: str) -> pd.Series:
        """Half-hours of a split."""
        return self.splits.loc[self.splits["split"] == split, "time"]


@dataclass(frozen=True)
class Skill:
    """Tables of the evaluation, with 95 % intervals over resampled blocks of two days.

    Attributes:
        skill: Columns method, measure, split, group, value, low, high, days, n. `split` is the
            grouping: all, season, source, age, intensity, rain, hour, regime; `map` and
            `map …` for whole maps; `hidden` for the probability of hidden rain (Brier score); for
            the U-Net alone, the groupings of `coveragegroups`.
        paired: Table as of `skill.paired_table`: each pair of methods.
        coverage: Coverage of the U-Net's 90 % interval: kind, group, coverage, low, high, width, n,
            days.
        reliability: Columns what (`score` or `hidden rain`), level (of the quantile, or mean
            predicted probability), share (of scores at or below the quantile, of windows with
            rain), low, high, n, days, less (of scores only: share below the quantile by more than
            TIE). Many scores are exactly 0 or 1, so a correct quantile has its level between less
            and share.
        transfer: Skill in unseen worlds and on real rain (`transferskill.transfer_table`).
    """

    skill: pd.DataFrame
    paired: pd.DataFrame
    coverage: pd.DataFrame
    reliability: pd.DataFrame
    transfer: pd.DataFrame


def evaluate(
    data: StudyData, unet: TrainedUNet, settings: EvaluationSettings, cases: Sequence[Case] = ()
) -> Skill:
    """Skill of every method on the test days: of windows with rain, of maps, of hidden rain.

    Args:
        data: Files and tables of the run.
        unet: The U-Net of the run.
        settings: Settings of the evaluation.
        cases: Unseen worlds and real rain to evaluate as well.
    """
    nearest = NearestMaps(data.latents)
    baselines = make_baselines(data.clusters, nearest)
    training = _fit_baselines(baselines, data, unet.card)
    rivals = fit_rivals(
        unet.card,
        data.features,
        data.splits,
        data.pairs,
        share=share_of_windows(data.table, data.times("train"), settings.boosting_windows),
        seed=settings.seed,
    )
    coded = {data.codes.name: data.codes} if data.codes else {}
    methods: dict[str, Baseline] = {**baselines, **coded, **rivals}
    model = _map_model(rivals[BOOSTING].method, data, unet.card)
    regimes = data.table.set_index("time")["regime"]
    times = data.times("test").to_numpy()
    at_home = Case("test days", AT_HOME, data.features, times)
    sums, home = HeldOutSums(), CaseSums()
    edges = decile_edges(unet, data.features, times)
    for block in read_blocks(data.features, times, unet.card.hidden):
        part = thinned(block)
        masses = _add_unet(sums, block, part, unet, edges)
        predicted = {name: method.predict(part) for name, method in methods.items()}
        predicted[UNET] = masses
        sums.add(part, predicted, window_groups(part, regimes))
        home.add(at_home, part, predicted)
        sums.boosted.append(model.features(block))
    observed = data.table.set_index("time")["map_score"]
    add_by_inputs(sums.groups, unet, data.features, times, observed)
    maps = evaluate_maps(
        pd.concat(sums.maps, ignore_index=True),
        training,
        data.table,
        data.clusters,
        nearest,
        {BOOSTING: model.predict(np.concatenate(sums.boosted))},
        **settings.bootstrap,
    )
    evaluated = home if cases else CaseSums()
    transfer = transfer_table(cases, methods, unet, evaluated, **settings.bootstrap)
    return _tables(sums, maps, transfer, data, settings)


def _fit_baselines(
    baselines: Mapping[str, Baseline], data: StudyData, card: UNetCard
) -> pd.DataFrame:
    """Fit the baselines; returns the features of the training maps."""
    features = []
    for block in read_blocks(data.features, data.times("train").to_numpy(), card.hidden):
        features.append(_map_table(block, card))
        for baseline in baselines.values():
            baseline.learn(block)
    return pd.concat(features, ignore_index=True)


def _map_table(block: Block, card: UNetCard) -> pd.DataFrame:
    """Features of whole maps (`mapfeatures.features_of_maps`)."""
    step_km = card.grid.dx / 1000
    return features_of_maps(block, wet_threshold=card.score.wet_threshold_mm_h, step_km=step_km)


def _map_model(boosting: Baseline, data: StudyData, card: UNetCard) -> MapModel:
    """The map model of the U-Net, fitted to the local scores of gradient boosting."""
    of_training = data.table[data.table["time"].isin(data.times("train"))]
    model = MapModel(boosting, hidden_share(of_training))
    times = {name: data.times(name).to_numpy() for name in ("validation", "calibration")}
    model.fit(data.features, times, data.table.set_index("time")["map_score"], card.hidden)
    return model


def _add_unet(
    sums: HeldOutSums, block: Block, part: Block, unet: TrainedUNet, edges: np.ndarray
) -> np.ndarray:
    """Add map scores, hidden rain and quantiles of the U-Net.

    Args:
        sums: Sums to add to.
        block: The maps.
        part: The same maps with the evaluated windows alone (`blocks.thinned`).
        unet: The U-Net.
        edges: From `decile_edges`.

    Returns:
        Calibrated distributions of the evaluated windows, dims (n, mass).
    """
    masses, logit = forward(unet.model, block.inputs)
    scores = unet.calibration.map_score(
        map_features(masses, expit(logit), block.wet, block.radar_valid, block.inputs), block.inputs
    )
    sums.maps.append(scores.join(_map_table(block, unet.card)))
    sums.hidden.add(block, unet.calibration.hidden_rain(logit, block.inputs))
    windows = unet_windows(masses, part, unet)
    sums.add_groups(part, windows, edges)
    sums.add_below(part, windows.masses)
    return windows.masses


def _tables(
    sums: HeldOutSums,
    maps: MapSkill,
    transfer: pd.DataFrame,
    data: StudyData,
    settings: EvaluationSettings,
) -> Skill:
    """All tables of the evaluation."""
    draws = settings.bootstrap
    training = data.table[data.table["time"].isin(data.times("train"))]
    skill = pd.concat(
        [
            skill_table(sums.windows, reference=CLIMATOLOGY, **draws),
            rank_table(sums.ranks, "rank_correlation", spearman, **draws),
            group_table(sums.groups, **draws),
            maps.skill,
            sums.hidden.skill(training, **draws),
        ],
        ignore_index=True,
    )
    paired = paired_table(sums.windows, splits=("all", "season", "source"), **draws)
    reliability = [
        _reliability(sums.below, **draws),
        sums.hidden.reliability(**draws),
    ]
    return Skill(
        skill,
        pd.concat([paired, maps.paired], ignore_index=True),
        coverage_table(skill, UNET),
        pd.concat(reliability),
        transfer,
    )


def _reliability(below: DaySums, *, resamples: int, seed: int) -> pd.DataFrame:
    """Share of the scores at or below each predicted quantile, and clearly below."""
    rows = share_table(below, resamples=resamples, seed=seed)
    reached, less = rows.iloc[: len(LEVELS)], rows["share"].iloc[len(LEVELS) :]
    return reached.assign(what="score", level=LEVELS, less=less.to_numpy())
