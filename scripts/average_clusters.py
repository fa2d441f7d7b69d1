"""Mean rain, central map and mean score of each cluster."""

from rainscore.clustering.labels import HELD
from rainscore.clustering.means import average_clusters
from rainscore.io import read_table, write_netcdf
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
clusters = read_table(snakemake.input.clusters)
known = clusters[~clusters["split"].isin(HELD)]
maps = average_clusters(known, sorted(snakemake.input.features), sorted(snakemake.input.scores))
write_netcdf(maps, snakemake.output.maps)
