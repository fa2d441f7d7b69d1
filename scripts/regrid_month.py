"""Bring a month of IMERG and of radar onto the study grid."""

from rainscore.files import write_netcdf
from rainscore.log import start_logging
from rainscore.months import domain_cells, domain_grid, open_granules, open_radar
from rainscore.pairs import month_pair
from rainscore.period import steps
from rainscore.regridding.weightfiles import read_weights
from rainscore.threads import use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p = snakemake.params
grid = domain_grid(p.domain)
pair = month_pair(
    steps(*p.span),
    open_granules(snakemake.input.imerg),
    open_radar(snakemake.input.radar, p.radar, grid),
    read_weights(snakemake.input.weights, source=domain_cells(p.domain), target=grid),
)
write_netcdf(pair, snakemake.output.pair)
