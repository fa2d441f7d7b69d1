"""Describe the rain of every map: area, strength, texture, position and source."""

from rainscore.clustering.descriptors import describe_maps
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i = snakemake.input
times = read_table(i.splits)["time"].to_numpy()
descriptors = describe_maps(sorted(i.features), times, threshold=snakemake.params.threshold)
write_table(descriptors, snakemake.output.descriptors)
