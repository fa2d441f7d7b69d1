"""Measure on held-out days what the labels of the clusters are worth, beside the U-Net."""

from pathlib import Path

from rainscore.calibration.windows import map_scores, read_calibration
from rainscore.clustering.heldout import check_labels
from rainscore.files import read_table, write_table
from rainscore.log import start_logging
from rainscore.months import read_months, times_of
from rainscore.networks.unetfiles import load_unet
from rainscore.threads import use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
given, p = snakemake.input, snakemake.params
clusters, stem = read_table(given.clusters), Path(given.unet[0]).with_suffix("")
model, card = load_unet(stem)
times = times_of(clusters, "calibration", "test")
unet = map_scores(model, card, read_calibration(stem, card), sorted(given.features), times)
checks = check_labels(clusters, read_months(given.tables), unet, resamples=p.resamples, seed=p.seed)
write_table(checks, snakemake.output.checks)
