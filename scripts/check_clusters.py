"""Measure on held-out days what the clusters are worth: their labels, and the novelty flag."""

from pathlib import Path

import pandas as pd

from rainscore.clustering.algorithms.methods import load_clusterer
from rainscore.clustering.novelty import detections
from rainscore.evaluation.clusterchecks import check_labels
from rainscore.io import read_months, read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.times import times_of
from rainscore.training.calibration import map_scores, read_calibration
from rainscore.training.models import load_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
given, p = snakemake.input, snakemake.params
clusters, paths = read_table(given.clusters), sorted(given.features)
stem = Path(given.unet[0]).with_suffix("")
model, card = load_unet(stem)
times = times_of(clusters, "calibration", "test")
unet = map_scores(model, card, read_calibration(stem, card), paths, times)
draws = {"resamples": p.resamples, "seed": p.seed}
checks = check_labels(clusters, read_months(given.tables), unet, **draws)
seen = detections(load_clusterer(Path(given.model[0]).with_suffix("")), paths, clusters, **draws)
write_table(pd.concat([checks, seen], ignore_index=True), snakemake.output.checks)
