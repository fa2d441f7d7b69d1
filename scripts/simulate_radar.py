"""Simulate a month of rain and radar frames; write manifest, true rain and weather regimes."""

from pathlib import Path

import numpy as np

from rainscore.grids import Domain
from rainscore.imerg.manifests import write_manifest
from rainscore.io import write_netcdf, write_table
from rainscore.regridding.weightfiles import read_weights
from rainscore.runtime import start_logging, use_threads
from rainscore.simulation.monthwriter import simulate_radar_month
from rainscore.simulation.regimes import simulate_regimes
from rainscore.simulation.worlds import World

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
domain, world = Domain(**p.domain), World(**p.world)
manifest, truth = simulate_radar_month(
    Path(out.manifest).with_suffix(""),
    read_weights(i.weights, source=domain.grid, target=domain.cells),
    *p.span,
    seed=p.seed,
    step_minutes=p.step_minutes,
    world=world,
)
details = {"format": "fr-radar-rainfall", "step_minutes": p.step_minutes}
write_manifest(manifest, out.manifest, **details, **p.world)
write_netcdf(truth, out.truth)
start, end = map(np.datetime64, p.span)
write_table(simulate_regimes(start, end, seed=p.seed, world=world), out.regimes)
