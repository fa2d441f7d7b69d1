"""Score held-out half-hours, and any other granules of the configuration, as if they were new."""

from pathlib import Path

from rainscore.io import read_months, read_table
from rainscore.paths import CHECKOUT
from rainscore.prediction.outputs import score_all, window
from rainscore.prediction.scorer import Scorer
from rainscore.prediction.selection import held_out_granules
from rainscore.runtime import start_logging, use_threads

log = start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, given = snakemake.params, snakemake.input
scorer = Scorer(Path(given.models[0]).parent, p.method)
files, context = held_out_granules(
    given.manifests,
    read_table(given.splits),
    read_months(given.tables),
    p.prediction["held_out_count"],
)
others = [CHECKOUT / name for name in p.prediction["granule_files"]]
elsewhere = window(scorer.learning_grid, centre=p.prediction["centre"])
out = Path(snakemake.output.scored)
score_all(out, scorer, [(scorer.learning_grid, files, context), (elsewhere, others, [])])
