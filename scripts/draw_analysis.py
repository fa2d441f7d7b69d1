"""Draw the figures of the report's section on scores by condition."""

from rainscore.report.draw_analysis import ANALYSIS_FIGURES, AnalysisFiles, analysis_sample
from rainscore.report.figures.style import draw_figures
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
files = AnalysisFiles(**snakemake.input)
sample = analysis_sample(files, world=snakemake.params.world)
draw_figures(ANALYSIS_FIGURES, snakemake.output, files, sample)
