"""Simulate a month of radar frames and the true weather regimes."""

from pathlib import Path

import numpy as np

from rainscore.files import write_table
from rainscore.log import start_logging
from rainscore.manifests import write_manifest
from rainscore.months import domain_grid
from rainscore.world.months import simulate_radar_month
from rainscore.world.regimes import simulate_regimes

start_logging(snakemake.log[0])
p = snakemake.params
folder = Path(snakemake.output.manifest).with_suffix("")
manifest = simulate_radar_month(
    folder, domain_grid(p.domain), *p.span, seed=p.seed, step_minutes=p.step_minutes
)
write_manifest(
    manifest, snakemake.output.manifest, format="fr-radar-rainfall", step_minutes=p.step_minutes
)
start, end = map(np.datetime64, p.span)
write_table(simulate_regimes(start, end, seed=p.seed), snakemake.output.regimes)
