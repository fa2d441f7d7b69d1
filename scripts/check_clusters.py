"""Evaluate the cluster labels and the novelty flag on the held-out days."""

from pathlib import Path

import pandas as pd

from rainscore.clustering.algorithms.base import DeepClusterer
from rainscore.clustering.mapclusterers import load_map_clusterer
from rainscore.clustering.novelty import detections
from rainscore.evaluation.clusterchecks import check_labels
from rainscore.io import read_months, read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.times import times_of
from rainscore.training.calibration import map_scores
from rainscore.training.trained import load_trained_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
clusters, features = read_table(i.clusters), sorted(i.features)
unet = load_trained_unet(Path(i.unet[0]).with_suffix(""))
times = times_of(clusters, "calibration", "test")
scores = map_scores(unet.model, unet.card, unet.calibration, features, times)
clusterer = load_map_clusterer(Path(i.model[0]).with_suffix(""))
checks = [check_labels(clusters, read_months(i.tables), scores, **p.bootstrap)]
# Altered rain has no codes: only clusterers of rain maps are tested for detections.
if isinstance(clusterer, DeepClusterer):
    checks.append(detections(clusterer, features, clusters, **p.bootstrap))
write_table(pd.concat(checks, ignore_index=True), snakemake.output.checks)
