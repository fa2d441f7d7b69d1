"""Try the candidate scores on a month: IMERG, known faults of the radar, the radar's noise."""

from pathlib import Path

import xarray as xr

from rainscore.choice.trial import try_scores
from rainscore.files import write_table
from rainscore.log import start_logging
from rainscore.months import domain_grid, open_radar
from rainscore.scoremaps import ScoreSettings
from rainscore.threads import use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p = snakemake.params
sums, windows = try_scores(
    xr.open_dataset(snakemake.input.pair, engine="h5netcdf"),
    Path(snakemake.input.features),
    open_radar(snakemake.input.radar, p.radar, domain_grid(p.domain)),
    ScoreSettings(**p.score, learning_step_km=p.domain["learning_step_km"]),
    seed=p.seed,
)
write_table(sums, snakemake.output.sums)
write_table(windows, snakemake.output.windows)
