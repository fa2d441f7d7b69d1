"""Compare the radar's hourly sums with COMEPHORE's."""

import json

import pandas as pd
import xarray as xr

from rainscore.config import ROOT
from rainscore.files import write_table
from rainscore.grids import Grid
from rainscore.log import start_logging
from rainscore.radar.comephore import compare_hours, scan_hours, summarise_hours

log = start_logging(snakemake.log[0])
hours = scan_hours(ROOT / snakemake.params.folder)
tables = []
for path in snakemake.input.pairs:
    with xr.open_dataset(path, engine="h5netcdf") as pair:
        tables.append(compare_hours(pair, hours, Grid(**json.loads(pair.attrs["grid"]))))
found = summarise_hours(pd.concat(tables))
log.warning("radar against COMEPHORE: %s", found)
write_table(pd.concat(tables), snakemake.output.table, **found)
