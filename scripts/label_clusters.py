"""Label each cluster: its name, what it holds, what it says of the score, what follows it."""

from rainscore.clustering.labels import label_clusters, plain
from rainscore.clustering.transitions import count_transitions
from rainscore.io import read_months, read_table, write_json, write_table
from rainscore.runtime import start_logging

start_logging(snakemake.log[0])
given, p = snakemake.input, snakemake.params
clusters = read_table(given.clusters)
labels = label_clusters(
    clusters,
    read_months(given.tables),
    read_table(given.portraits),
    resamples=p.resamples,
    seed=p.seed,
)
write_table(labels, snakemake.output.table)
write_table(count_transitions(clusters), snakemake.output.transitions)
write_json(plain(labels), snakemake.output.labels)
