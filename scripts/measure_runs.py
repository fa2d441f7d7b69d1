"""Simulate a month in memory and sum its statistics with the Early, Late and Final runs."""

import numpy as np

from rainscore.grids import Domain
from rainscore.io import write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.simulation.threeruns import measure_runs
from rainscore.simulation.worlds import World

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, out = snakemake.params, snakemake.output
domain = Domain(**p.domain)
start, end = map(np.datetime64, p.span)
sums = measure_runs(
    domain.grid,
    domain.cells,
    start,
    end,
    seed=p.seed,
    step_minutes=p.step_minutes,
    world=World(**p.world),
)
write_table(sums, out.sums)
