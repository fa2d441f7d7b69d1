"""Measure which inputs the U-Net's predictions depend on, on the held-out days."""

from pathlib import Path

from rainscore.evaluation.importance import permutation_importance
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.models import load_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, given = snakemake.params, snakemake.input
table = permutation_importance(
    *load_unet(Path(given.unet[0]).with_suffix("")),
    sorted(given.features),
    read_table(given.splits),
    resamples=p.resamples,
    seed=p.seed,
)
write_table(table, snakemake.output.importance)
