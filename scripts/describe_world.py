"""Tabulate the statistics of the simulated world next to published and measured values."""

from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.simulation.diagnostics import add_up
from rainscore.simulation.worldtables import rain_table, satellite_table

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
sums = add_up([read_table(path) for path in sorted(i.sums)])
middle_year = int(p.months[len(p.months) // 2][:4])
write_table(rain_table(sums), out.rain)
write_table(satellite_table(sums, run=p.run, year=middle_year), out.satellite)
