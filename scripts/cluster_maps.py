"""Cluster the maps of rain."""

from pathlib import Path

from rainscore.clustering.maps import cluster_maps, cluster_settings
from rainscore.files import read_table, write_table
from rainscore.fitting.common import fingerprint
from rainscore.log import start_logging
from rainscore.networks.latents import load_autoencoder
from rainscore.threads import use_threads

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
