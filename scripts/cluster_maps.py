"""Cluster the maps in the latent space."""

from pathlib import Path

from rainscore.clustering.maps import cluster_latents
from rainscore.files import read_table, write_table
from rainscore.log import start_logging
from rainscore.modelfiles import save_arrays

start_logging(snakemake.log[0])
p = snakemake.params
arrays, card, table = cluster_latents(
    read_table(snakemake.input.latents), snakemake.wildcards.method, **p.clusters, seed=p.seed
)
stem = Path(snakemake.output.weights).with_suffix("")
save_arrays(stem, arrays, {**card, "code": p.code})
write_table(table, snakemake.output.clusters)
