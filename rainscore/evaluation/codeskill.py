"""Skill of codes and of clusters of maps, as a share of the skill of the U-Net."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from rainscore.clustering.algorithms.base import DeepClusterer
from rainscore.clustering.codebook import CodeBook
from rainscore.clustering.codemaps import count_codes
from rainscore.clustering.compositions import CompositionClusters, composition_vectors
from rainscore.clustering.scoredistributions import DRY, count_scores
from rainscore.evaluation.blocks import Block, read_blocks
from rainscore.evaluation.clusterchecks import label_masses
from rainscore.evaluation.daysums import DaySums, GroupSums, single_group
from rainscore.evaluation.skill import ALL_CASES, CLIMATOLOGY, UNET
from rainscore.evaluation.transferskill import Case
from rainscore.scores import distribution
from rainscore.training.channels import CHANNELS, wet_share
from rainscore.training.inference import forward
from rainscore.training.mapscore import map_features
from rainscore.training.trained import TrainedUNet

RAIN, WET_SHARE = "rain at the pixel", "wet share"
"""References: classes of equal size on the training days, by one value."""

WINDOWS, MAPS = "windows", "maps"
"""Levels at which scores are predicted."""

ERROR_LEVELS = np.linspace(0.05, 0.95, 19)
"""Levels of the errors of the U-Net's map score that describe its distribution."""

COLUMNS = [
    *("level", "kind", "case", "method", "classes", "measure"),
    *("value", "low", "high", "days", "n"),
]
"""Columns of the table."""


@dataclass(frozen=True)
class MapMethod:
    """Clusters of maps, with the distribution of the map scores of each.

    Attributes:
        clusterer: Clusters of compositions or of rain maps; None: classes of wet share by `edges`.
        clusters: Labels, dims (cluster,), ascending.
        masses: Distribution of each cluster, dims (cluster, mass).
        edges: Bounds of the classes of wet share; None with a clusterer.
    """

    clusterer: CompositionClusters | DeepClusterer | None
    clusters: np.ndarray
    masses: np.ndarray
    edges: np.ndarray | None = None

    def predict(self, block: Block, share: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Distribution of the map score of each map of a block, dims (map, mass).

        Args:
            block: The maps.
            share: Their wet shares, dims (map,).
            vectors: Their compositions (`composition_vectors`), dims (map, family + 1).
        """
        label = self._clusters(block, share, vectors)
        position = np.searchsorted(self.clusters, label).clip(max=len(self.clusters) - 1)
        return self.masses[position]

    def _clusters(self, block: Block, share: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        if self.clusterer is None:
            return np.searchsorted(np.asarray(self.edges), share, "right")
        if isinstance(self.clusterer, CompositionClusters):
            label = self.clusterer.predict(vectors)
        else:
            rain = block.inputs[:, [CHANNELS.index("rain")]].astype(np.float16)
            label = self.clusterer.predict(rain)
        return np.where(share >= self.clusterer.card_["min_wet_share"], label, DRY)


def label_map_methods(
    clusterers: Mapping[str, CompositionClusters | DeepClusterer],
    clusters: Mapping[str, pd.DataFrame],
    maps: pd.DataFrame,
    *,
    classes: int,
) -> dict[str, MapMethod]:
    """Label the clusters of each method, and as many classes of wet share.

    Args:
        clusterers: Clusterers by method.
        clusters: Cluster of each map by method: time, cluster.
        maps: Maps from which labels are made: time, split, wet_share, map_score.
        classes: Number of classes of wet share.
    """
    methods = {}
    for name, table in clusters.items():
        rows = maps.merge(table[["time", "cluster"]], on="time")
        counts = count_scores(rows, np.append(table["cluster"].unique(), DRY))
        methods[name] = MapMethod(clusterers[name], counts.clusters, label_masses(counts))
    training = maps.loc[maps["split"] == "train", "wet_share"]
    edges = np.unique(training.quantile(np.arange(1, classes) / classes))
    rows = maps.assign(cluster=np.searchsorted(edges, maps["wet_share"], "right"))
    counts = count_scores(rows, np.arange(len(edges) + 1))
    methods[WET_SHARE] = MapMethod(None, counts.clusters, label_masses(counts), edges)
    return methods


@dataclass(frozen=True)
class CodeEvaluation:
    """Methods that are compared.

    Attributes:
        unet: The U-Net.
        book: The code book.
        methods: Clusters of maps by method.
        errors: Quantiles of the errors of the U-Net's map score on the calibration days at
            ERROR_LEVELS.
        climatology: Distribution of the map scores of the training days, dims (mass,).
    """

    unet: TrainedUNet
    book: CodeBook
    methods: Mapping[str, MapMethod]
    errors: np.ndarray
    climatology: np.ndarray

    def windows(self, block: Block, masses: np.ndarray, codes: np.ndarray) -> dict[str, np.ndarray]:
        """Distributions of the scores of the evaluated windows by method, dims (n, mass).

        Args:
            block: The maps.
            masses: Output of the U-Net, dims (map, mass, y, x).
            codes: Codes of the windows, dims (map, y, x).
        """
        book, code = self.book, codes[block.evaluated]
        rain = block.inputs[:, CHANNELS.index("rain")][block.evaluated]
        return {
            CLIMATOLOGY: np.broadcast_to(book.climatology, (len(code), distribution.MASSES)),
            RAIN: book.rain_masses[np.searchsorted(book.rain_edges, rain, "right")],
            f"{len(book.family_masses)} families": book.family_masses[book.family[code]],
            f"{len(book.masses)} codes": book.masses[code],
            UNET: self.unet.calibration.local(masses, block.inputs, block.evaluated),
        }

    def maps(
        self, block: Block, masses: np.ndarray, logit: np.ndarray, codes: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Distributions of the map score by method, dims (map, mass); NaN without a U-Net score.

        Args:
            block: The maps.
            masses, logit: Output of the U-Net.
            codes: Codes of the windows, dims (map, y, x).
        """
        features = map_features(masses, expit(logit), block.wet, block.radar_valid, block.inputs)
        value = self.unet.calibration.map_score(features, block.inputs)["value"].to_numpy()
        vectors = composition_vectors(count_codes(codes, len(self.book.centres)), self.book.family)
        share = wet_share(block.inputs, self.unet.card.score.wet_threshold_mm_h)
        predicted = {
            name: method.predict(block, share, vectors) for name, method in self.methods.items()
        }
        shape = (len(value), distribution.MASSES)
        return {
            CLIMATOLOGY: np.broadcast_to(self.climatology, shape),
            **predicted,
            UNET: distribution.masses_from_quantiles(value[:, None] + self.errors, ERROR_LEVELS),
        }


def evaluate_codes(
    evaluation: CodeEvaluation,
    cases: Sequence[tuple[Case, pd.Series]],
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Compare codes, clusters of maps and the U-Net on days that none has learned from.

    Args:
        evaluation: The methods.
        cases: The test days and the cases of `transfercases`, with their map scores by time.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples.

    Returns:
        COLUMNS; the rows of all cases of a kind have `ALL_CASES` in `case`. `measure` is
        crps_skill against the climatology of the training days, of_unet (the same as a share of
        that of the U-Net) and, for maps, over_wet_share (the same minus that of classes of wet
        share), with 95 % intervals over the same resampled blocks of two days.
    """
    sums: dict[tuple[str, str, str], DaySums] = {}

    def add(
        level: str, case: Case, days: np.ndarray, predicted: Mapping[str, np.ndarray], y: np.ndarray
    ) -> None:
        weather = case.blocks(days)
        for name, labels in (
            (case.name, weather),
            (ALL_CASES, np.char.add(f"{case.name} ", weather)),
        ):
            total = sums.setdefault((level, case.kind, name), DaySums(2))
            for method, masses in predicted.items():
                rows = np.stack([np.ones_like(y), distribution.crps(masses, y)], axis=1)
                total.add(method, labels, {"all": single_group(len(y))}, rows)

    for case, map_scores in cases:
        for block, masses, logit, codes in _run(evaluation, case):
            if block.scores.size:
                windows = evaluation.windows(block, masses, codes)
                add(WINDOWS, case, block.days, windows, block.scores)
            scores = map_scores.reindex(block.times.astype("datetime64[ns]")).to_numpy(float)
            maps = evaluation.maps(block, masses, logit, codes)
            usable = np.isfinite(scores) & np.isfinite(maps[UNET][:, 0])
            if usable.any():
                kept = {name: values[usable] for name, values in maps.items()}
                days = block.times[usable].astype("datetime64[D]")
                add(MAPS, case, days, kept, scores[usable])
    classes = _classes(evaluation)
    rows = [
        (level, kind, name, method, classes[level].get(method, 0), *row)
        for (level, kind, name), total in sums.items()
        for group in total.groups()
        for method, *row in _measures(group, resamples=resamples, seed=seed)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _run(
    evaluation: CodeEvaluation, case: Case
) -> Iterator[tuple[Block, np.ndarray, np.ndarray, np.ndarray]]:
    """Blocks of a case with the output of the U-Net and the codes."""
    unet = evaluation.unet
    for block in read_blocks(case.paths, case.times, unet.card.hidden):
        masses, logit, features = forward(unet.model, block.inputs, call=unet.model.with_features)
        yield block, masses, logit, evaluation.book.assign_maps(features, block.wet)


def _classes(evaluation: CodeEvaluation) -> dict[str, dict[str, int]]:
    """Number of classes of each method by level."""
    book = evaluation.book
    codes, families = len(book.masses), len(book.family_masses)
    windows = {RAIN: len(book.rain_masses), f"{families} families": families}
    maps = {
        name: int((method.clusters != DRY).sum()) for name, method in evaluation.methods.items()
    }
    return {WINDOWS: {**windows, f"{codes} codes": codes}, MAPS: maps}


def _measures(group: GroupSums, *, resamples: int, seed: int) -> Iterator[tuple]:
    """Rows method, measure, value, low, high, days, n of one group."""
    drawn = group.resampled(resamples=resamples, seed=seed)
    samples = np.concatenate([group.total()[None], drawn])[..., 1]  # (1 + resample, method)
    place = {name: i for i, name in enumerate(group.methods)}
    with np.errstate(invalid="ignore", divide="ignore"):
        skill = 1 - samples / samples[:, [place[CLIMATOLOGY]]]
        measures = {"crps_skill": skill, "of_unet": skill / skill[:, [place[UNET]]]}
    if WET_SHARE in place:
        measures["over_wet_share"] = skill - skill[:, [place[WET_SHARE]]]
    count = int(group.total()[0, 0])
    for measure, values in measures.items():
        for method, i in place.items():
            ends = group.interval(values[1:, i])
            yield method, measure, float(values[0, i]), *ends, len(group.days), count
