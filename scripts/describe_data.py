"""Say what the period holds, and at which lag radar and microwave agree best."""

from dataclasses import replace

import pandas as pd

from rainscore.figures.availability import plot_availability
from rainscore.figures.data import plot_lag
from rainscore.figures.style import save
from rainscore.files import write_table
from rainscore.lag import find_lag, lag_sums
from rainscore.log import start_logging
from rainscore.manifests import availability
from rainscore.months import domain_cells, open_granules, open_radar
from rainscore.pairs import radar_truth

log = start_logging(snakemake.log[0])
p, out = snakemake.params, snakemake.output
cells = domain_cells(p.domain)
readers = [open_radar(path, p.radar, cells) for path in snakemake.input.radar]
reader = next((r for r in readers if r.weights), readers[0])
radar = replace(reader, manifest=pd.concat([r.manifest for r in readers], ignore_index=True))
granules = pd.concat([open_granules(path) for path in snakemake.input.imerg], ignore_index=True)
products = {"IMERG": granules, "radar": radar.manifest}
write_table(availability(products), out.availability)
save(plot_availability(products, world=p.world), out.days)
sums = lag_sums(
    granules,
    radar_truth(radar, cells),
    cells,
    step_minutes=p.radar["step_minutes"],
    half_hours=p.half_hours,
)
lag, best = find_lag(sums)
log.info("the best lag: %s", best)
write_table(lag, out.lag, **best)
stamp = p.radar["stamp"] if p.radar["stamp"] != "format" else radar.format.stamp
save(plot_lag(lag, best, stamp=stamp, period=p.period, world=p.world), out.figure)
