"""Try the candidate scores on a month: IMERG, known faults of the radar, the radar's noise."""

from pathlib import Path

import xarray as xr

from rainscore.grids import Domain
from rainscore.io import write_table
from rainscore.regridding.monthfiles import RadarSettings, open_radar
from rainscore.regridding.weightfiles import read_weights
from rainscore.runtime import start_logging, use_threads
from rainscore.scores.choice.trial import PERFECT, try_scores
from rainscore.scores.scoremaps import ScoreSettings
from rainscore.simulation.errorsources import ONE_ERROR
from rainscore.simulation.one_error import estimator
from rainscore.training.windowinputs import window_inputs

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
domain = Domain(**p.domain)
grid, cells = domain.grid, domain.cells
settings = ScoreSettings(**p.scores, learning_step_km=domain.learning_step_km)
sums, windows = try_scores(
    xr.open_dataset(i.pair, engine="h5netcdf"),
    lambda times: window_inputs(Path(i.features), times, settings),
    open_radar(i.radar, RadarSettings(**p.radar), grid),
    settings,
    (
        read_weights(i.onto_cells, source=grid, target=cells),
        read_weights(i.onto_study, source=cells, target=grid),
    ),
    {name: estimator(cells, errors=name, seed=p.seed) for name in (PERFECT, *ONE_ERROR)},
    seed=p.seed,
)
write_table(sums, snakemake.output.sums)
write_table(windows, snakemake.output.windows)
