"""Run the experiments on a month that show how the candidate scores behave."""

from pathlib import Path

from rainscore.grids import Domain
from rainscore.io import write_table
from rainscore.netcdffiles import open_netcdf
from rainscore.regridding.hourly import compared
from rainscore.regridding.radarreader import RadarSettings, open_radar
from rainscore.regridding.weightfiles import read_weights
from rainscore.runtime import start_logging, use_threads
from rainscore.scores.choice.experiments import PERFECT, evaluate_candidates
from rainscore.scores.choice.monthsample import MonthSample
from rainscore.scores.scoremaps import ScoreSettings
from rainscore.simulation.errorsources import ONE_ERROR
from rainscore.simulation.rainsequence import estimator
from rainscore.training.windowinputs import window_inputs

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
domain, settings = Domain(**p.domain), ScoreSettings(**p.scores)
grid, cells = domain.grid, domain.cells
sums, windows = evaluate_candidates(
    MonthSample(
        compared(open_netcdf(i.pair)),
        settings,
        read_weights(i.weights, source=grid, target=cells),
    ),
    lambda times: window_inputs(Path(i.features), times, settings),
    open_radar(i.radar, RadarSettings(**p.radar), grid),
    {name: estimator(cells, errors=name, seed=p.seed) for name in (PERFECT, *ONE_ERROR)},
    seed=p.seed,
)
write_table(sums, out.sums)
write_table(windows, out.windows)
