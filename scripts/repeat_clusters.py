"""Cluster real or surrogate maps with one seed, on all training days and on a resample of them."""

from pathlib import Path

from rainscore.clustering.mapclusters import ClusterSettings
from rainscore.clustering.mapsets import read_real_maps, read_surrogate_maps
from rainscore.clustering.repeats import repeat_clusters
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, wildcards = snakemake.input, snakemake.wildcards
settings = ClusterSettings.from_section(snakemake.params.clustering, i.k)
table, encoder = read_table(i.maps), Path(i.encoder[0]).with_suffix("")
if wildcards.kind == "real":
    maps = read_real_maps(i.rain, table, encoder, min_wet_share=settings.min_wet_share)
else:
    maps = read_surrogate_maps(Path(i.rain[0]).with_suffix(""), table, encoder)
runs = repeat_clusters(maps, wildcards.method, settings=settings, seed=int(wildcards.seed))
write_table(runs, snakemake.output.clusters)
