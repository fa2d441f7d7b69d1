"""Cluster the maps of a world with one seed, and again on days drawn anew."""

from pathlib import Path

from rainscore.clustering.maps import cluster_settings
from rainscore.clustering.repeats import read_world, repeat_clusters
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.models import load_autoencoder

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
given = snakemake.input
settings = cluster_settings(snakemake.params.clusters, given.k)
encoder, _ = load_autoencoder(Path(given.encoder[0]).with_suffix(""))
rain, maps = read_world(sorted(given.rain), read_table(given.maps), settings.min_wet_share)
method, seed = snakemake.wildcards.method, int(snakemake.wildcards.start)
table = repeat_clusters(rain, maps, encoder, method, settings=settings, seed=seed)
write_table(table, snakemake.output.clusters)
