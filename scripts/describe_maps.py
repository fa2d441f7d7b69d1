"""Describe the rain of every map in a few numbers, without radar."""

from rainscore.clustering.portraits import describe_maps
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
times = read_table(snakemake.input.splits)["time"].to_numpy()
portraits = describe_maps(
    sorted(snakemake.input.features), times, threshold=snakemake.params.threshold
)
write_table(portraits, snakemake.output.portraits)
