"""Evaluate codes and clusters of maps on the test days and on the cases, next to the U-Net."""

from pathlib import Path

import numpy as np

from rainscore.clustering.codebook import CodeBook
from rainscore.clustering.labels import EXCLUDED_SPLITS
from rainscore.clustering.mapclusterers import load_map_clusterer
from rainscore.clustering.mapsets import scored_maps
from rainscore.evaluation.codeskill import (
    ERROR_LEVELS,
    CodeEvaluation,
    evaluate_codes,
    label_map_methods,
)
from rainscore.evaluation.skill import AT_HOME
from rainscore.evaluation.transferskill import Case
from rainscore.io import read_months, read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.scores.distribution import masses_of
from rainscore.times import times_of
from rainscore.training.calibration import map_scores
from rainscore.training.trained import load_trained_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
features = sorted(map(Path, i.features))
unet = load_trained_unet(Path(i.unet[0]).with_suffix(""))
maps = scored_maps(read_table(i.latents), read_months(i.tables))
observed = maps.set_index("time")["map_score"]
predicted = map_scores(
    unet.model, unet.card, unet.calibration, features, times_of(maps, "calibration")
)
errors = (observed.reindex(predicted.index) - predicted).dropna()
labelled = maps[~maps["split"].isin(EXCLUDED_SPLITS)].dropna(subset=["wet_share"])
clusters = {name: read_table(path) for name, path in zip(p.methods, i.clusters, strict=True)}
evaluation = CodeEvaluation(
    unet,
    CodeBook.load(Path(i.codebook[0]).with_suffix("")),
    label_map_methods(
        {
            name: load_map_clusterer(Path(path).with_suffix(""))
            for name, path in zip(p.methods, i.clusterers, strict=True)
        },
        clusters,
        labelled,
        classes=max(table["cluster"].max() + 1 for table in clusters.values()),
    ),
    np.quantile(errors, ERROR_LEVELS),
    masses_of(labelled.loc[labelled["split"] == "train", "map_score"].to_numpy()),
)
at_home = Case("test days", AT_HOME, features, times_of(maps, "test"))
cases = [(at_home, observed)]
for (name, kind), path, table in zip(p.cases, i.cases, i.case_tables, strict=True):
    scores = read_table(table).set_index("time")["map_score"]
    cases.append((Case.whole(name, kind, Path(path)), scores))
write_table(evaluate_codes(evaluation, cases, **p.bootstrap), snakemake.output.codes)
