"""Compare auto-encoders whose latent vectors have several sizes."""

from rainscore.evaluation.latentsizes import compare_latents
from rainscore.io import read_json, read_table, write_table
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
sizes = compare_latents(
    sorted(snakemake.input.features),
    read_table(snakemake.input.splits),
    [read_json(path) for path in snakemake.input.cards],
    seed=snakemake.params.seed,
)
write_table(sizes, snakemake.output.sizes)
