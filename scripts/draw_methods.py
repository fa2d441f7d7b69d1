"""Draw the clustering methods beside one another."""

from rainscore.figures.methods import plot_methods
from rainscore.figures.style import save
from rainscore.files import read_table
from rainscore.log import start_logging

start_logging(snakemake.log[0])
p = snakemake.params
world = "simulated" if p.simulated else "real"
figure = plot_methods(read_table(snakemake.input.table), period=p.period, world=world)
save(figure, snakemake.output.figure)
