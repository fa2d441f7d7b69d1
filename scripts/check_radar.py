"""Compare the hourly sums of the radar with COMEPHORE."""

from rainscore.analysis.comephore import compare_months, summarise_hours
from rainscore.io import write_netcdf, write_table
from rainscore.netcdffiles import open_netcdf
from rainscore.radar.comephorefiles import index_hours
from rainscore.runtime import start_logging, use_threads

log = start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, out = snakemake.input, snakemake.output
pairs = (open_netcdf(path) for path in i.pairs)
table, maps = compare_months(pairs, index_hours(i.comephore))
summary = summarise_hours(table)
log.warning("radar compared with COMEPHORE: %s", summary)
write_table(table, out.table, **summary)
write_netcdf(maps, out.maps)
