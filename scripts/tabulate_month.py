"""Sum a month by condition, place, rate, wavelength, time shift and scale."""

from rainscore.analysis.cells import cell_month
from rainscore.analysis.dailysums import fss_sums, rate_sums, spectrum_sums, timing_sums
from rainscore.analysis.tabulation import condition_sums, place_sums
from rainscore.grids import Domain
from rainscore.io import write_netcdf, write_table
from rainscore.netcdffiles import open_netcdf
from rainscore.regridding.hourly import compared
from rainscore.regridding.weightfiles import read_weights
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
domain = Domain(**p.domain)
pair = compared(open_netcdf(i.pair))
scores = open_netcdf(i.scores)
month = cell_month(pair, read_weights(i.weights, source=domain.grid, target=domain.cells))
write_table(condition_sums(month, scores, threshold=p.threshold), out.conditions)
write_netcdf(place_sums(month, scores, threshold=p.threshold), out.places)
write_table(rate_sums(month), out.rates)
write_table(spectrum_sums(pair, month), out.spectra)
write_table(timing_sums(month), out.timing)
write_table(fss_sums(pair, min_valid=p.min_valid), out.scales)
