"""Draw the correlation of radar and microwave by lag."""

from rainscore.io import read_table
from rainscore.report.figures.plot_data import plot_lag
from rainscore.report.figures.style import save
from rainscore.runtime import start_logging

start_logging(snakemake.log[0])
i, p, out = snakemake.input, snakemake.params, snakemake.output
lag = read_table(i.lag)
save(plot_lag(lag, lag.attrs, period=p.period, world=p.world), out.figure)
