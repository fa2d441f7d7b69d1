"""Compute the conservative weights between IMERG's cells and the study and learning grids."""

from rainscore.grids import Domain
from rainscore.regridding.conservative import overlap_weights
from rainscore.regridding.weightfiles import write_weights
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, out = snakemake.params, snakemake.output
domain = Domain(**p.domain)
write_weights(overlap_weights(domain.cells, domain.grid), out.cells_to_study)
write_weights(overlap_weights(domain.cells, domain.learning_grid), out.cells_to_learning)
write_weights(overlap_weights(domain.grid, domain.cells), out.study_to_cells)
