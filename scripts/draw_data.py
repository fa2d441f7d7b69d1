"""Draw the figures of the report's section on the data."""

from rainscore.report.draw_data import DATA_FIGURES, DataFiles
from rainscore.report.figures.style import draw_figures
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
files = DataFiles(**snakemake.input)
draw_figures(DATA_FIGURES, snakemake.output, files, snakemake.params.world)
