"""Draw the figure of the report's section on rain gauges."""

from rainscore.report.draw_gauges import GAUGE_FIGURES, GaugeFiles
from rainscore.report.figures.style import draw_figures
from rainscore.runtime import start_logging

start_logging(snakemake.log[0])
draw_figures(GAUGE_FIGURES, snakemake.output, GaugeFiles(**snakemake.input))
