"""Draw the figures of the report's section on the clusters of maps."""

from rainscore.report.draw_clusters import CLUSTER_FIGURES, ClusterFiles
from rainscore.report.figures.style import draw_figures
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
files = ClusterFiles(**snakemake.input)
draw_figures(CLUSTER_FIGURES, snakemake.output, files, snakemake.params.world)
