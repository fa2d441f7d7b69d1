"""Fly the microwave constellation over a month of radar and write IMERG granules."""

from pathlib import Path

from rainscore.grids import Domain
from rainscore.imerg.manifests import write_manifest
from rainscore.regridding.monthfiles import RadarSettings, open_radar
from rainscore.runtime import start_logging, use_threads
from rainscore.simulation.monthly import simulate_imerg_month

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p = snakemake.params
domain = Domain(**p.domain)
cells = domain.cells
radar = open_radar(snakemake.input.radar, RadarSettings(**p.radar), cells)
folder = Path(snakemake.output.manifest).with_suffix("")
manifest = simulate_imerg_month(
    folder, radar, cells, *p.span, seed=p.seed, run=p.run, errors=p.errors
)
write_manifest(manifest, snakemake.output.manifest, run=p.run)
