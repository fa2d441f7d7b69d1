"""Judge the variants of the U-Net, and U-Nets of other runs, beside it on the held-out days."""

from pathlib import Path

from rainscore.evaluation.ablation import compare_variants
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.models import load_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, given = snakemake.params, snakemake.input
table = compare_variants(
    sorted(given.features),
    read_table(given.splits),
    load_unet(Path(given.unet).with_suffix("")),
    {name: load_unet(Path(stem)) for name, stem in p.compared.items()},
    resamples=p.resamples,
    seed=p.seed,
)
write_table(table, snakemake.output.ablation)
