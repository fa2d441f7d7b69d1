"""Set the simulated world beside what is published of the real one."""

from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging
from rainscore.simulation.diagnostics import add_up
from rainscore.simulation.published import rain_table, satellite_table

start_logging(snakemake.log[0])
i, o, p = snakemake.input, snakemake.output, snakemake.params
sums = add_up([read_table(path) for path in sorted(i.sums)])
write_table(rain_table(sums), o.rain)
year = int(p.months[len(p.months) // 2][:4])
write_table(satellite_table(sums, run=p.run, year=year), o.satellite)
