"""Tabulate and draw a simulated year with the Early, Late and Final runs, and published values."""

import pandas as pd

from rainscore.io import read_table, write_text
from rainscore.report.figures.plot_world import plot_year
from rainscore.report.figures.style import save
from rainscore.runtime import start_logging, use_threads
from rainscore.simulation.diagnostics import add_up
from rainscore.simulation.worldtables import cycle_table, rain_table, satellite_table

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
months = dict(zip(p.months, map(read_table, i.sums), strict=True))
sums = add_up(list(months.values()))
middle_year = int(p.months[len(p.months) // 2][:4])
satellites = satellite_table(sums, run="final", year=middle_year)
table = pd.concat([rain_table(sums), cycle_table(months), satellites], ignore_index=True)
write_text(table.to_csv(index=False, float_format="%.4g"), out.table)
days = sums.set_index(["product", "quantity"])["weight"]["passes", "a day"]
period = f"{days:g} days, {p.months[0]} to {p.months[-1]}"
save(plot_year(table, period=period, world="simulated"), out.figure)
