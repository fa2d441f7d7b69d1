"""Simulate a month of IMERG granules that observe the rain, and write their manifest."""

from pathlib import Path

from rainscore.grids import Domain
from rainscore.imerg.manifests import write_manifest
from rainscore.regridding.radarreader import RadarSettings, open_radar, radar_truth
from rainscore.runtime import start_logging, use_threads
from rainscore.simulation.monthwriter import open_truth, simulate_imerg_month
from rainscore.simulation.worlds import World

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
cells = Domain(**p.domain).cells
if i.truth:
    rain = open_truth(i.truth)
else:
    rain = radar_truth(open_radar(i.radar, RadarSettings(**p.radar), cells))
manifest = simulate_imerg_month(
    Path(out.manifest).with_suffix(""),
    rain,
    cells,
    *p.span,
    seed=p.seed,
    run=p.run,
    errors=p.errors,
    world=World(**p.world),
)
write_manifest(manifest, out.manifest, run=p.run, **p.world)
