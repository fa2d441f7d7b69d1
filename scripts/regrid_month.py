"""Bring a month of IMERG and of radar onto the study grid."""

from rainscore.grids import Domain
from rainscore.io import write_netcdf
from rainscore.regridding.monthfiles import RadarSettings, open_granules, open_radar
from rainscore.regridding.pairs import month_pair
from rainscore.regridding.weightfiles import read_weights
from rainscore.runtime import start_logging, use_threads
from rainscore.times import steps

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p = snakemake.params
domain = Domain(**p.domain)
grid = domain.grid
pair = month_pair(
    steps(*p.span),
    open_granules(snakemake.input.imerg),
    open_radar(snakemake.input.radar, RadarSettings(**p.radar), grid),
    read_weights(snakemake.input.weights, source=domain.cells, target=grid),
)
write_netcdf(pair, snakemake.output.pair)
