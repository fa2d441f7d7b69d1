"""Fly the microwave constellation over a month of radar and write IMERG granules."""

from pathlib import Path

from rainscore.log import start_logging
from rainscore.manifests import write_manifest
from rainscore.months import domain_cells, open_radar
from rainscore.threads import use_threads
from rainscore.world.months import simulate_imerg_month

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p = snakemake.params
cells = domain_cells(p.domain)
radar = open_radar(snakemake.input.radar, p.radar, cells)
folder = Path(snakemake.output.manifest).with_suffix("")
manifest = simulate_imerg_month(
    folder, radar, cells, *p.span, seed=p.seed, run=p.run, errors=p.errors
)
write_manifest(manifest, snakemake.output.manifest, run=p.run)
