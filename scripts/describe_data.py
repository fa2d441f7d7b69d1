"""Say what the period holds, and at which lag radar and microwave agree best."""

from dataclasses import replace

import pandas as pd

from rainscore.analysis.availability import availability
from rainscore.analysis.lag import find_lag, lag_sums
from rainscore.grids import Domain
from rainscore.imerg.manifests import read_manifest
from rainscore.io import write_table
from rainscore.regridding.radarreader import RadarSettings, open_radar, radar_truth
from rainscore.report.figures.plot_data import plot_availability, plot_lag
from rainscore.report.figures.style import save
from rainscore.runtime import start_logging

log = start_logging(snakemake.log[0])
p, out = snakemake.params, snakemake.output
domain, settings = Domain(**p.domain), RadarSettings(**p.radar)
cells = domain.cells
readers = [open_radar(path, settings, cells) for path in snakemake.input.radar]
reader = next((r for r in readers if r.weights), readers[0])
radar = replace(reader, manifest=pd.concat([r.manifest for r in readers], ignore_index=True))
granules = pd.concat(
    [read_manifest(path, absolute=True) for path in snakemake.input.imerg], ignore_index=True
)
products = {"IMERG": granules, "radar": radar.manifest}
write_table(availability(products), out.availability)
save(plot_availability(products, world=p.world), out.days)
sums = lag_sums(
    granules,
    radar_truth(radar, cells),
    cells,
    step_minutes=settings.step_minutes,
    half_hours=p.half_hours,
)
lag, best = find_lag(sums)
log.info("the best lag: %s", best)
write_table(lag, out.lag, **best)
save(
    plot_lag(lag, best, stamp=radar.format.timestamp_convention, period=p.period, world=p.world),
    out.figure,
)
