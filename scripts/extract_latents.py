"""Latent vector of every map that the training files hold."""

from pathlib import Path

from rainscore.clustering.latents import extract_latents
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
latents = extract_latents(
    sorted(snakemake.input.features),
    read_table(snakemake.input.splits),
    Path(snakemake.input.weights).with_suffix(""),
    summary=snakemake.params.summary,
)
write_table(latents, snakemake.output.latents)
