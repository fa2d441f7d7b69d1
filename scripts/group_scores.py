"""Sum the scores of a month by source, age of the last microwave pass and intensity."""

from pathlib import Path

import xarray as xr

from rainscore.files import write_table
from rainscore.groups import group_scores
from rainscore.log import start_logging
from rainscore.threads import use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
scores = xr.open_dataset(snakemake.input.scores, engine="h5netcdf")
table = group_scores(Path(snakemake.input.features), scores)
write_table(table, snakemake.output.groups)
