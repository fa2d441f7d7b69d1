"""Set a simulated year, with Early, Late and Final, beside what is published of the real world."""

import pandas as pd

from rainscore.io import read_table, write_text
from rainscore.report.figures.plot_world import plot_year
from rainscore.report.figures.style import save
from rainscore.runtime import start_logging
from rainscore.simulation.diagnostics import add_up
from rainscore.simulation.published import rain_table, satellite_table
from rainscore.simulation.year import cycle_table

start_logging(snakemake.log[0])
o, p = snakemake.output, snakemake.params
months = dict(zip(p.months, map(read_table, snakemake.input.sums), strict=True))
sums = add_up(list(months.values()))
year = int(p.months[len(p.months) // 2][:4])
tables = rain_table(sums), cycle_table(months), satellite_table(sums, run="final", year=year)
table = pd.concat(tables, ignore_index=True)
write_text(table.to_csv(index=False, float_format="%.4g"), o.table)
days = sums.set_index(["product", "quantity"])["weight"]["passes", "a day"]
period = f"{days:g} days, {p.months[0]} to {p.months[-1]}"
save(plot_year(table, period=period, world="simulated"), o.figure)
