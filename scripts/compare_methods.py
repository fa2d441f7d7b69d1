"""Compare the clustering methods, and test whether the maps fall into groups at all."""

from itertools import product
from pathlib import Path

from rainscore.clustering.codebook import CodeBook
from rainscore.clustering.compositions import METHOD, read_compositions
from rainscore.clustering.latents import scaled_latents
from rainscore.clustering.mapclusters import number_of_clusters
from rainscore.clustering.mapsets import scored_maps, with_enough_rain
from rainscore.clustering.methodtable import Repetitions, method_table
from rainscore.clustering.separation import separation_table
from rainscore.io import read_months, read_table, write_table
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
runs = dict(zip(product(p.methods, p.seeds), map(read_table, i.runs), strict=True))
latents = read_table(i.latents)
maps = with_enough_rain(scored_maps(latents, read_months(i.tables)), p.min_wet_share)
book = CodeBook.load(Path(i.codebook[0]).with_suffix(""))
composed, compositions = read_compositions(Path(i.codes), book, maps)
table = method_table(Repetitions(runs, maps), k=number_of_clusters(p.k, i.k), **p.bootstrap)
write_table(table, out.table)
vectors = {METHOD: (composed, compositions), "auto-encoder": (maps, scaled_latents(latents, maps))}
write_table(separation_table(vectors, seed=p.bootstrap["seed"]), out.separation)
