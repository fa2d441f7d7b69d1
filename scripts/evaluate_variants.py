"""Compare variants of the U-Net and U-Nets of other runs with it on the held-out days."""

from pathlib import Path

from rainscore.evaluation.ablation import compare_variants
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.unet import load_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
unet = load_unet(Path(i.unet[0]).with_suffix(""))
variants = {
    name: load_unet(Path(path).with_suffix(""))
    for name, path in zip(p.names, i.weights, strict=True)
}
splits = read_table(i.splits)
table = compare_variants(sorted(i.features), splits, unet, variants, **p.bootstrap)
write_table(table, snakemake.output.ablation)
