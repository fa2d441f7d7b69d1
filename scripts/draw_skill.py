"""Draw the figures of the report's section on the predicted scores."""

from pathlib import Path

from rainscore.io import read_months
from rainscore.report.draw_skill import SKILL_FIGURES, SkillFiles
from rainscore.report.draw_walk import draw_walk
from rainscore.report.figures.style import draw_figures
from rainscore.report.runsample import run_sample
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
files = SkillFiles(**snakemake.input)
sample = run_sample(read_months(files.tables), world=snakemake.params.world)
draw_figures(SKILL_FIGURES, snakemake.output.figures, files, sample)
draw_walk(files, Path(snakemake.output.walk), world=sample.world)
