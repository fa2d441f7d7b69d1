"""Score held-out half-hours, and further granules of the configuration, as if they were new."""

from pathlib import Path

from rainscore.io import read_months, read_table
from rainscore.prediction.outputs import ScoringJob, score_all
from rainscore.prediction.scorer import Scorer
from rainscore.prediction.scoringgrids import scoring_grid
from rainscore.prediction.scoringmodels import ModelFiles, load_models
from rainscore.prediction.selection import held_out_granules
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
files = ModelFiles(
    unet=Path(i.unet[0]).with_suffix(""),
    clusterer=Path(i.clusterer[0]).with_suffix(""),
    labels=Path(i.labels),
)
scorer = Scorer(load_models(files))
splits, table = read_table(i.splits), read_months(i.tables)
held_out = held_out_granules(i.manifests, splits, table, p.held_out_count)
trained = scorer.learning_grid
jobs = [
    ScoringJob(trained, held_out.files, held_out.context),
    ScoringJob(scoring_grid(trained, centre=p.centre), [Path(path) for path in i.granules]),
]
score_all(Path(out.scored), scorer, jobs)
