"""Sum statistics of a month of the simulated world: radar frames, satellites and IMERG scores."""

from rainscore.grids import Domain
from rainscore.io import read_table, write_table
from rainscore.netcdffiles import open_netcdf
from rainscore.regridding.radarreader import RadarSettings, open_radar, radar_truth
from rainscore.regridding.weightfiles import read_weights
from rainscore.runtime import start_logging, use_threads
from rainscore.scores.scoremaps import ScoreSettings
from rainscore.simulation import diagnostics
from rainscore.simulation.radarchecks import half_hour_truth, radar_error_sums

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
domain = Domain(**p.domain)
grid, cells = domain.grid, domain.cells
frames = radar_truth(open_radar(i.radar, RadarSettings(**p.radar), grid))
regimes = read_table(i.regimes)
pair = open_netcdf(i.pair)
radar = diagnostics.cell_truth(pair, read_weights(i.weights, source=grid, target=cells))
settings = ScoreSettings(**p.scores)
windows = settings.windows(cells, settings.learning_grid(grid))
truth = half_hour_truth(open_netcdf(i.truth)["rain"], pair["time"].values)
tables = [
    diagnostics.rain_sums(frames, regimes, km=domain.step_km),
    diagnostics.amount_sums(pair),
    diagnostics.run_sums(pair, radar, run=p.run),
    diagnostics.skill_sums(pair, radar, regimes, run=p.run),
    diagnostics.pass_sums(pair, cells),
    diagnostics.structure_sums(pair),
    diagnostics.hourly_sums(pair, radar),
    radar_error_sums(pair["precipitation"].values, radar, truth, windows, settings),
]
write_table(diagnostics.add_up(tables), out.sums)
