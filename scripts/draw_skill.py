"""Draw the figures of the skill on held-out days."""

from pathlib import Path

from rainscore.report.draw_skill import figures
from rainscore.report.figures.style import save
from rainscore.report.results import Results
from rainscore.runtime import start_logging, use_threads

log = start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p = snakemake.params
drawn = figures(Results(Path("results"), p.months, p.method, simulated=p.simulated))
for path in map(Path, snakemake.output):
    log.info("drawing %s", path)
    save(drawn[path.stem](), path)
