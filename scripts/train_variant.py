"""Train a variant of the U-Net (`rainscore.training.variants`)."""

from pathlib import Path

from rainscore.grids import Domain
from rainscore.io import read_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.checkpoint import fingerprint
from rainscore.training.launcher import train_and_save
from rainscore.training.settings import UNetConfig
from rainscore.training.unetfitting import fit_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
train_and_save(
    fit_unet,
    sorted(i.features),
    read_table(i.splits),
    UNetConfig(**p.unet),
    domain=Domain(**p.domain),
    run=p.run,
    variant=snakemake.wildcards.variant,
    seed=p.seed,
    weights=Path(out.weights),
    curve=Path(out.curve),
    fingerprint=fingerprint(
        i.features, p.code, p.unet, p.domain, p.run, snakemake.wildcards.variant
    ),
    code=p.code,
    simulated=p.simulated,
)
