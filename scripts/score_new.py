"""Score held-out half-hours, and any other granules of the configuration, as if they were new."""

from pathlib import Path

from rainscore.config import ROOT
from rainscore.files import read_table
from rainscore.log import start_logging
from rainscore.months import read_months
from rainscore.newmaps.files import held_out_granules, score_all, window
from rainscore.newmaps.prediction import Scorer
from rainscore.threads import use_threads

log = start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, given = snakemake.params, snakemake.input
scorer = Scorer(Path(given.models[0]).parent, p.method)
files, context = held_out_granules(
    given.manifests, read_table(given.splits), read_months(given.tables), p.scoring["held_out"]
)
others = [ROOT / name for name in p.scoring["files"]]
elsewhere = window(scorer.learning_grid, centre=p.scoring["centre"])
out = Path(snakemake.output.scored)
score_all(out, scorer, [(scorer.learning_grid, files, context), (elsewhere, others, [])])
