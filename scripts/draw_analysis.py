"""Draw the figures of the descriptive analysis."""

from pathlib import Path

from rainscore.analysis.drawing import figures
from rainscore.figures.style import save
from rainscore.log import start_logging
from rainscore.threads import use_threads

log = start_logging(snakemake.log[0])
use_threads(snakemake.threads)
drawn = figures(Path(snakemake.input[0]).parent, simulated=snakemake.params.simulated)
for path in map(Path, snakemake.output):
    log.info("drawing %s", path)
    save(drawn[path.stem](), path)
