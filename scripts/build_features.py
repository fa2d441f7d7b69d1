"""Write the training file of a month: input channels and the score to predict."""

from pathlib import Path

from rainscore.grids import Domain
from rainscore.netcdffiles import open_netcdf
from rainscore.regridding.weightfiles import read_weights
from rainscore.runtime import start_logging, use_threads
from rainscore.training.features import write_features

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
domain = Domain(**p.domain)
pair = open_netcdf(i.pair)
scores = open_netcdf(i.scores)
cells, learning = domain.cells, domain.learning_grid
weights = read_weights(i.weights, source=cells, target=learning)
write_features(pair, scores, weights, Path(out.features))
