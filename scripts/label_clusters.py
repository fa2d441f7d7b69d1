"""Label each cluster (name, properties, distribution of scores) and count the transitions."""

from rainscore.clustering.labels import as_records, label_clusters
from rainscore.clustering.transitions import count_transitions
from rainscore.io import read_months, read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.modelfiles import write_part

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
clusters = read_table(i.clusters)
labels = label_clusters(
    clusters,
    read_months(i.tables),
    read_table(i.descriptors),
    resamples=p.resamples,
    seed=p.seed,
)
write_table(labels, out.table)
write_table(count_transitions(clusters), out.transitions)
write_part(
    {"clusterer": clusters.attrs.get("clusterer", ""), "labels": as_records(labels)}, out.labels
)
