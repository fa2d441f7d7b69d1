"""Simulate the IMERG of an unseen world for simulated or real rain; write its training file."""

from pathlib import Path

import numpy as np

from rainscore.evaluation.transfercases import radar_rain, simulated_rain, write_case
from rainscore.grids import Domain
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
write_case(rain, Path(snakemake.output[0]), seed=p.seed, world=world, run=p.run, settings=settings)
