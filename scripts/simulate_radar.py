"""Simulate a month of radar frames and the true weather regimes."""

from pathlib import Path

import numpy as np

from rainscore.grids import Domain
from rainscore.imerg.manifests import write_manifest
from rainscore.io import write_table
from rainscore.runtime import start_logging
from rainscore.simulation.monthly import simulate_radar_month
from rainscore.simulation.regimes import simulate_regimes

start_logging(snakemake.log[0])
p = snakemake.params
domain = Domain(**p.domain)
folder = Path(snakemake.output.manifest).with_suffix("")
manifest = simulate_radar_month(
    folder, domain.grid, *p.span, seed=p.seed, step_minutes=p.step_minutes
)
write_manifest(
    manifest, snakemake.output.manifest, format="fr-radar-rainfall", step_minutes=p.step_minutes
)
start, end = map(np.datetime64, p.span)
write_table(simulate_regimes(start, end, seed=p.seed), snakemake.output.regimes)
