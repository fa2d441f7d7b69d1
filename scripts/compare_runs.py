"""Measure a month of the simulated world with Early, Late and Final of the same days."""

import numpy as np

from rainscore.files import write_table
from rainscore.log import start_logging
from rainscore.months import domain_cells, domain_grid
from rainscore.threads import use_threads
from rainscore.world.runs import compare_runs

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p = snakemake.params
grid, cells = domain_grid(p.domain), domain_cells(p.domain)
start, end = map(np.datetime64, p.span)
sums = compare_runs(grid, cells, start, end, seed=p.seed, step_minutes=p.step_minutes)
write_table(sums, snakemake.output.sums)
