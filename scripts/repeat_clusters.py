"""Cluster the maps with one method and seed, then once more on resampled days."""

from pathlib import Path

from rainscore.clustering.mapclusters import ClusterSettings
from rainscore.clustering.mapsets import read_maps
from rainscore.clustering.repeats import repeat_clusters
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
settings = ClusterSettings.from_section(p.clustering, i.k)
maps = read_maps(
    i.rain,
    read_table(i.maps),
    Path(i.encoder[0]).with_suffix(""),
    min_wet_share=settings.min_wet_share,
)
wildcards = snakemake.wildcards
table = repeat_clusters(maps, wildcards.method, settings=settings, seed=int(wildcards.seed))
write_table(table, snakemake.output.clusters)
