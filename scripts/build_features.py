"""Write the training file of a month: what the networks see, and the score they shall predict."""

from pathlib import Path

import xarray as xr

from rainscore.features.files import write_features
from rainscore.log import start_logging
from rainscore.months import domain_cells, domain_learning_grid
from rainscore.regridding.weightfiles import read_weights
from rainscore.threads import use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
pair = xr.open_dataset(i.pair, engine="h5netcdf")
scores = xr.open_dataset(i.scores, engine="h5netcdf")
cells, learning = domain_cells(p.domain), domain_learning_grid(p.domain)
weights = read_weights(i.weights, source=cells, target=learning)
write_features(pair, scores, weights, Path(snakemake.output.features))
