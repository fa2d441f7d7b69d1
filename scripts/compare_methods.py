"""Compare the clustering methods on the real maps and on surrogate maps without clusters."""

from itertools import product

from rainscore.clustering.mapclusters import number_of_clusters
from rainscore.clustering.mapsets import scored_maps, with_enough_rain
from rainscore.clustering.methodtable import Repetitions, method_table
from rainscore.io import read_months, read_table, write_table
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
keys = list(product(p.methods, p.seeds))
real_runs = dict(zip(keys, map(read_table, i.real_runs), strict=True))
surrogate_runs = dict(zip(keys, map(read_table, i.surrogate_runs), strict=True))
maps = scored_maps(read_table(i.latents), read_months(i.tables))
table = method_table(
    Repetitions(real_runs, with_enough_rain(maps, p.min_wet_share)),
    Repetitions(surrogate_runs, read_table(i.surrogate_maps)),
    k=number_of_clusters(p.k, i.k),
    resamples=p.resamples,
    seed=p.seed,
)
write_table(table, snakemake.output.table)
