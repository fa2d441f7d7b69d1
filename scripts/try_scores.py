"""Try the candidate scores on a month: IMERG, known faults of the radar, the radar's noise."""

from pathlib import Path

import xarray as xr

from rainscore.choice.trial import try_scores
from rainscore.files import write_table
from rainscore.log import start_logging
from rainscore.months import domain_cells, domain_grid, open_radar
from rainscore.regridding.weightfiles import read_weights
from rainscore.scoremaps import ScoreSettings
from rainscore.threads import use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
grid, cells = domain_grid(p.domain), domain_cells(p.domain)
sums, windows = try_scores(
    xr.open_dataset(i.pair, engine="h5netcdf"),
    Path(i.features),
    open_radar(i.radar, p.radar, grid),
    ScoreSettings(**p.score, learning_step_km=p.domain["learning_step_km"]),
    (
        read_weights(i.onto_cells, source=grid, target=cells),
        read_weights(i.onto_study, source=cells, target=grid),
    ),
    seed=p.seed,
)
write_table(sums, snakemake.output.sums)
write_table(windows, snakemake.output.windows)
