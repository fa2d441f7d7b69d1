"""Write the training file of a month: what the networks see, and the score they shall predict."""

from pathlib import Path

import xarray as xr

from rainscore.featurefiles import write_features
from rainscore.log import start_logging
from rainscore.threads import use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
pair = xr.open_dataset(snakemake.input.pair, engine="h5netcdf")
scores = xr.open_dataset(snakemake.input.scores, engine="h5netcdf")
write_features(pair, scores, Path(snakemake.output.features))
