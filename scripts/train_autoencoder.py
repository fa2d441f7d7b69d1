"""Train the convolutional auto-encoder of rain maps."""

from pathlib import Path

from rainscore.io import read_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.autoencoderfitting import fit_autoencoder
from rainscore.training.checkpoint import fingerprint
from rainscore.training.launcher import train_and_save
from rainscore.training.settings import AutoEncoderConfig

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
train_and_save(
    fit_autoencoder,
    sorted(i.features),
    read_table(i.splits),
    AutoEncoderConfig(**p.autoencoder),
    min_wet=p.min_wet,
    seed=p.seed,
    weights=Path(out.weights),
    curve=Path(out.curve),
    fingerprint=fingerprint(i.features, p.code, p.autoencoder, p.min_wet),
    code=p.code,
    simulated=p.simulated,
)
