"""The methods that `codeskill` compares, from the results of a run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.clustering.codebook import CodeBook
from rainscore.clustering.labels import EXCLUDED_SPLITS
from rainscore.clustering.mapclusterers import MapClusterer
from rainscore.evaluation.codeskill import ERROR_LEVELS, CodeEvaluation, label_map_methods
from rainscore.scores.distribution import masses_of
from rainscore.times import times_of
from rainscore.training.calibration import map_scores
from rainscore.training.trained import TrainedUNet


def code_evaluation(
    unet: TrainedUNet,
    book: CodeBook,
    clusterers: Mapping[str, MapClusterer],
    clusters: Mapping[str, pd.DataFrame],
    maps: pd.DataFrame,
    features: Sequence[Path],
) -> CodeEvaluation:
    """Label the clusters of maps, and take the errors of the U-Net's map score.

    Args:
        unet: The U-Net.
        book: The code book.
        clusterers: Clusterers of maps by method.
        clusters: Clusters of all maps by method: time, cluster.
        maps: All maps: time, split, wet_share, map_score (NaN where missing).
        features: Training files.
    """
    observed = maps.set_index("time")["map_score"]
    times = times_of(maps, "calibration")
    predicted = map_scores(unet.model, unet.card, unet.calibration, features, times)
    errors = (observed.reindex(predicted.index) - predicted).dropna()
    labelled = maps[~maps["split"].isin(EXCLUDED_SPLITS)].dropna(subset=["wet_share"])
    classes = max(int(table["cluster"].max()) + 1 for table in clusters.values())
    train = labelled.loc[labelled["split"] == "train", "map_score"]
    return CodeEvaluation(
        unet,
        book,
        label_map_methods(clusterers, clusters, labelled, classes=classes),
        np.quantile(errors, ERROR_LEVELS),
        masses_of(train.to_numpy()),
    )
