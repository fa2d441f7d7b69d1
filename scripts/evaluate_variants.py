"""Judge the variants of the U-Net beside it, on the held-out days."""

from pathlib import Path

from rainscore.ablation import compare_variants
from rainscore.files import read_table, write_table
from rainscore.log import start_logging
from rainscore.threads import use_threads
from rainscore.unetfiles import load_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, given = snakemake.params, snakemake.input
models = {path: load_unet(Path(path).with_suffix("")) for path in [given.unet, *given.variants]}
table = compare_variants(
    sorted(given.features),
    read_table(given.splits),
    models.pop(given.unet),
    dict(zip(p.variants, models.values(), strict=True)),
    resamples=p.resamples,
    seed=p.seed,
)
write_table(table, snakemake.output.ablation)
