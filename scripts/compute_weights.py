"""Compute the weights between IMERG's cells and the grids of the study, once for all months."""

from rainscore.log import start_logging
from rainscore.months import domain_cells, domain_grid, domain_learning_grid
from rainscore.regridding.conservative import overlap_weights
from rainscore.regridding.weightfiles import write_weights
from rainscore.threads import use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, out = snakemake.params, snakemake.output
grid, cells = domain_grid(p.domain), domain_cells(p.domain)
write_weights(overlap_weights(cells, grid), out.cells_to_study)
write_weights(overlap_weights(cells, domain_learning_grid(p.domain)), out.cells_to_learning)
write_weights(overlap_weights(grid, cells), out.study_to_cells)
