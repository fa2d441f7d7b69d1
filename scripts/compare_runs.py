"""Measure a month of the simulated world with Early, Late and Final of the same days."""

import numpy as np

from rainscore.grids import Domain
from rainscore.io import write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.simulation.runs import compare_runs

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p = snakemake.params
domain = Domain(**p.domain)
grid, cells = domain.grid, domain.cells
start, end = map(np.datetime64, p.span)
sums = compare_runs(grid, cells, start, end, seed=p.seed, step_minutes=p.step_minutes)
write_table(sums, snakemake.output.sums)
