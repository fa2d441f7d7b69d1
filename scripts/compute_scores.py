"""Score the maps of a month against the radar."""

import xarray as xr

from rainscore.io import read_table, write_netcdf, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.scores.scoremaps import ScoreSettings, score_month

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p = snakemake.params
pair = xr.open_dataset(snakemake.input.pair, engine="h5netcdf")
regimes = read_table(snakemake.input.regimes) if snakemake.input.regimes else None
maps, table = score_month(
    pair, ScoreSettings(**p.scores, learning_step_km=p.learning_step_km), regimes
)
write_netcdf(maps, snakemake.output.maps)
write_table(table, snakemake.output.table)
