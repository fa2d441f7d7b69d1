"""Cluster the maps of rain."""

from pathlib import Path

from rainscore.clustering.maps import cluster_maps, cluster_settings
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.cards import fingerprint
from rainscore.training.models import load_autoencoder

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, given, stem = snakemake.params, snakemake.input, Path(snakemake.output.weights).with_suffix("")
checkpoint = stem.with_suffix(".checkpoint")
clusterer, card, table = cluster_maps(
    sorted(given.features), read_table(given.latents),
    load_autoencoder(Path(given.encoder[0]).with_suffix(""))[0],
    snakemake.wildcards.method, settings=cluster_settings(p.clusters, given.k), seed=p.seed,
    checkpoint=checkpoint, fingerprint=fingerprint([], p.code, p.clusters),
)  # fmt: skip
clusterer.save(stem, **card, code=p.code, simulated=p.simulated)
write_table(table, snakemake.output.clusters)
checkpoint.unlink(missing_ok=True)  # only the joint methods leave one
