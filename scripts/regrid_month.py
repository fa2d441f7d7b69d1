"""Regrid the IMERG and the radar of a month to the study grid."""

from rainscore.grids import Domain
from rainscore.imerg.manifests import read_manifest
from rainscore.io import write_netcdf
from rainscore.regridding.pairs import month_pair
from rainscore.regridding.radarreader import RadarSettings, open_radar
from rainscore.regridding.weightfiles import read_weights
from rainscore.runtime import start_logging, use_threads
from rainscore.times import steps

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
domain = Domain(**p.domain)
pair = month_pair(
    steps(*p.span),
    read_manifest(i.imerg, absolute=True),
    open_radar(i.radar, RadarSettings(**p.radar), domain.grid),
    read_weights(i.weights, source=domain.cells, target=domain.grid),
)
write_netcdf(pair, snakemake.output.pair)
