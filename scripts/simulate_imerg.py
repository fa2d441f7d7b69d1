"""Simulate a month of IMERG granules that observe the radar, and write their manifest."""

from pathlib import Path

from rainscore.grids import Domain
from rainscore.imerg.manifests import write_manifest
from rainscore.regridding.radarreader import RadarSettings, open_radar
from rainscore.runtime import start_logging, use_threads
from rainscore.simulation.monthwriter import simulate_imerg_month

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
cells = Domain(**p.domain).cells
manifest = simulate_imerg_month(
    Path(out.manifest).with_suffix(""),
    open_radar(i.radar, RadarSettings(**p.radar), cells),
    cells,
    *p.span,
    seed=p.seed,
    run=p.run,
    errors=p.errors,
)
write_manifest(manifest, out.manifest, run=p.run)
