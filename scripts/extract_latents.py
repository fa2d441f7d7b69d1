"""Encode every map of the training files as a latent vector."""

from pathlib import Path

from rainscore.clustering.latents import extract_latents
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i = snakemake.input
latents = extract_latents(
    sorted(i.features),
    read_table(i.splits),
    Path(i.weights).with_suffix(""),
    summary=snakemake.params.summary,
)
write_table(latents, snakemake.output.latents)
