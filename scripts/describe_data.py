"""Count the available files of both products by day, and correlate radar and microwave by lag."""

import pandas as pd

from rainscore.analysis.availability import availability
from rainscore.analysis.lag import find_lag, join_months, lag_sums
from rainscore.grids import Domain
from rainscore.imerg.manifests import read_manifest
from rainscore.io import write_table
from rainscore.regridding.radarreader import RadarSettings, open_radar, radar_truth
from rainscore.runtime import start_logging, use_threads

log = start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
cells, settings = Domain(**p.domain).cells, RadarSettings(**p.radar)
radar = join_months([open_radar(path, settings, cells) for path in i.radar])
granules = pd.concat([read_manifest(path, absolute=True) for path in i.imerg], ignore_index=True)
write_table(availability({"IMERG": granules, "radar": radar.manifest}), out.availability)
sums = lag_sums(
    granules,
    radar_truth(radar),
    cells,
    step_minutes=settings.step_minutes,
    # The lag of hourly sums is not known to the minute.
    half_hours=p.half_hours if settings.step_minutes <= 30 else 0,
)
lag, best = find_lag(sums)
log.info("best lag: %s", best)
convention = radar.format.timestamp_convention
write_table(lag, out.lag, **best.as_dict(), timestamp_convention=convention)
