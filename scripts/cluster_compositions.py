"""Cluster the training maps by the codes they are made of, and assign all other maps."""

from pathlib import Path

from rainscore.clustering.codebook import CodeBook
from rainscore.clustering.compositions import cluster_compositions, read_compositions
from rainscore.clustering.mapclusters import number_of_clusters
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.features import learning_grid

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
book = CodeBook.load(Path(i.codebook[0]).with_suffix(""))
latents = read_table(i.latents).dropna(subset=["wet_share"])
maps, vectors = read_compositions(Path(i.codes), book, latents[["time", "split", "wet_share"]])
clusters, table = cluster_compositions(
    maps,
    vectors,
    k=number_of_clusters(p.k, i.k),
    size=learning_grid(Path(i.features)).nx,
    min_wet_share=p.min_wet_share,
    false_alarm_rate=p.false_alarm_rate,
    seed=p.seed,
)
entries = {"code": p.code, "simulated": p.simulated, "codebook_sha256": book.card["weights_sha256"]}
digest = clusters.save(Path(out.weights).with_suffix(""), **entries)
write_table(table, out.clusters, clusterer=digest)
