"""Draw the figures of the descriptive analysis."""

from pathlib import Path

from rainscore.report.draw_analysis import figures
from rainscore.report.figures.style import save
from rainscore.runtime import start_logging, use_threads

log = start_logging(snakemake.log[0])
use_threads(snakemake.threads)
drawn = figures(Path(snakemake.input[0]).parent, simulated=snakemake.params.simulated)
for path in map(Path, snakemake.output):
    log.info("drawing %s", path)
    save(drawn[path.stem](), path)
