"""Cluster the compositions of the maps with one seed, then once more on resampled days."""

from pathlib import Path

from rainscore.clustering.codebook import CodeBook
from rainscore.clustering.compositions import read_compositions, repeat_compositions
from rainscore.clustering.mapclusters import number_of_clusters
from rainscore.clustering.mapsets import with_enough_rain
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
book = CodeBook.load(Path(i.codebook[0]).with_suffix(""))
rainy = with_enough_rain(read_table(i.latents)[["time", "split", "wet_share"]], p.min_wet_share)
maps, vectors = read_compositions(Path(i.codes), book, rainy)
k = number_of_clusters(p.k, i.k)
for seed, path in zip(p.seeds, snakemake.output.clusters, strict=True):
    write_table(repeat_compositions(maps, vectors, k=k, seed=seed), path)
