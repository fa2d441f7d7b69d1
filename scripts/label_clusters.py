"""Label each cluster with the distribution of its scores."""

from rainscore.clustering.labels import label_clusters
from rainscore.files import read_table, write_json, write_table
from rainscore.log import start_logging
from rainscore.months import read_months

start_logging(snakemake.log[0])
labels = label_clusters(read_table(snakemake.input.clusters), read_months(snakemake.input.tables))
write_table(labels, snakemake.output.table)
plain = labels.astype(object).where(labels.notna(), None)
write_json(plain.to_dict("records"), snakemake.output.labels)
