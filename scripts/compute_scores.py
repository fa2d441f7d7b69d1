"""Compute the score maps of a month, and the table of its maps."""

from rainscore.grids import Domain
from rainscore.io import read_table, write_netcdf, write_table
from rainscore.netcdffiles import open_netcdf
from rainscore.regridding.hourly import compared
from rainscore.regridding.weightfiles import read_weights
from rainscore.runtime import start_logging, use_threads
from rainscore.scores.scoremaps import ScoreSettings, score_month

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
pair = compared(open_netcdf(i.pair))
regimes = read_table(i.regimes) if i.regimes else None
domain = Domain(**p.domain)
weights = read_weights(i.weights, source=domain.grid, target=domain.cells)
maps, table = score_month(pair, weights, ScoreSettings(**p.scores), regimes)
write_netcdf(maps, out.maps)
write_table(table, out.table)
