"""Draw every figure of the run."""

from pathlib import Path

from rainscore.report.figures.style import save
from rainscore.report.results import Results, figures
from rainscore.runtime import start_logging, use_threads

log = start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p = snakemake.params
run = Results(Path("results"), p.months, p.method, simulated=p.simulated)
drawn = figures(run)
for path in map(Path, snakemake.output):
    log.info("drawing %s", path)
    save(drawn[path.stem](), path)
