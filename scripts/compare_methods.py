"""Compare the clustering methods, on the real maps and on maps without clusters."""

from itertools import product

from rainscore.clustering.maps import cluster_settings
from rainscore.clustering.methodtable import method_table
from rainscore.clustering.repeats import scored_maps
from rainscore.io import read_months, read_table, write_table
from rainscore.runtime import start_logging

start_logging(snakemake.log[0])
p, given = snakemake.params, snakemake.input
keys = list(product(p.methods, p.seeds))
real, null = (
    dict(zip(keys, map(read_table, paths), strict=True)) for paths in (given.runs, given.null_runs)
)
maps = scored_maps(
    read_table(given.latents), read_months(given.tables), p.clusters["min_wet_share"]
)
null_maps = read_table(given.null_maps)
k = cluster_settings(p.clusters, given.k).k
options = {"k": k, "resamples": p.resamples, "seed": p.seed}
write_table(method_table(real, maps, null, null_maps, **options), snakemake.output.table)
