"""Average the rain and the score of the maps of each cluster, and find its most central map."""

from rainscore.clustering.labels import EXCLUDED_SPLITS
from rainscore.clustering.meanmaps import average_clusters
from rainscore.io import read_table, write_netcdf
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i = snakemake.input
clusters = read_table(i.clusters)
kept = clusters[~clusters["split"].isin(EXCLUDED_SPLITS)]
maps = average_clusters(kept, sorted(i.features), sorted(i.scores))
write_netcdf(maps, snakemake.output.maps)
