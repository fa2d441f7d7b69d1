"""Draw the clustering methods beside one another."""

from rainscore.io import read_table
from rainscore.report.figures.plot_clusters import plot_methods
from rainscore.report.figures.style import save
from rainscore.runtime import start_logging

start_logging(snakemake.log[0])
p = snakemake.params
world = "simulated" if p.simulated else "real"
figure = plot_methods(read_table(snakemake.input.table), period=p.period, world=world)
save(figure, snakemake.output.figure)
