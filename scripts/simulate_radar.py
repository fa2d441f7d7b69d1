"""Simulate a month of radar frames, and write their manifest and the true weather regimes."""

from pathlib import Path

import numpy as np

from rainscore.grids import Domain
from rainscore.imerg.manifests import write_manifest
from rainscore.io import write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.simulation.monthwriter import simulate_radar_month
from rainscore.simulation.regimes import simulate_regimes

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, out = snakemake.params, snakemake.output
manifest = simulate_radar_month(
    Path(out.manifest).with_suffix(""),
    Domain(**p.domain).grid,
    *p.span,
    seed=p.seed,
    step_minutes=p.step_minutes,
)
write_manifest(manifest, out.manifest, format="fr-radar-rainfall", step_minutes=p.step_minutes)
start, end = map(np.datetime64, p.span)
write_table(simulate_regimes(start, end, seed=p.seed), out.regimes)
