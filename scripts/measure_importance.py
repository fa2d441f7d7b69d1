"""Measure which input channels the predictions of the U-Net depend on, on the held-out days."""

from pathlib import Path

from rainscore.evaluation.importance import permutation_importance
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.unet import load_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
model, card = load_unet(Path(i.unet[0]).with_suffix(""))
splits = read_table(i.splits)
table = permutation_importance(model, card, sorted(i.features), splits, **p.bootstrap)
write_table(table, snakemake.output.importance)
