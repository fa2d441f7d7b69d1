"""Simulate the IMERG of an unseen world for a rain; write its training file and its scores."""

from pathlib import Path

import numpy as np

from rainscore.evaluation.transfercases import radar_rain, simulated_rain, write_case
from rainscore.grids import Domain
from rainscore.io import write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.scores.scoremaps import ScoreSettings
from rainscore.simulation.worlds import World

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
domain, world = Domain(**p.domain), World(**p.world)
if i.radar:
    pixels = {"step_km": domain.step_km, "learning_step_km": domain.learning_step_km}
    rain = radar_rain(Path(i.radar), **pixels)
else:
    span = map(np.datetime64, p.span)
    rain = simulated_rain(domain.grid, *span, seed=p.seed, world=world, step_minutes=p.step_minutes)
settings = ScoreSettings(**p.scores)
out = snakemake.output
options = {"seed": p.seed, "world": world, "run": p.run, "settings": settings}
write_table(write_case(rain, Path(out.features), **options), out.table)
