"""Compare the radar's hourly sums with COMEPHORE's."""

import pandas as pd
import xarray as xr

from rainscore.analysis.comephore import compare_hours, map_hours, scan_hours, summarise_hours
from rainscore.grids import Grid
from rainscore.io import write_netcdf, write_table
from rainscore.paths import CHECKOUT
from rainscore.runtime import start_logging

log = start_logging(snakemake.log[0])
hours = scan_hours(CHECKOUT / snakemake.params.folder)
months = []
for path in snakemake.input.pairs:
    with xr.open_dataset(path, engine="h5netcdf") as pair:
        grid = Grid.from_json(pair.attrs["grid"])
        months.append(compare_hours(pair, hours, grid))
table = pd.concat([month for month, _ in months])
found = summarise_hours(table)
log.warning("radar against COMEPHORE: %s", found)
write_table(table, snakemake.output.table, **found)
write_netcdf(map_hours(sum(maps for _, maps in months), grid), snakemake.output.maps)
