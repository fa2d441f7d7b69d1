"""Try candidate scores on the pairs and say which is the most adequate."""

import xarray as xr

from rainscore.choice import describe_choice
from rainscore.files import write_json, write_table
from rainscore.log import start_logging
from rainscore.scoremaps import ScoreSettings
from rainscore.threads import use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p = snakemake.params
evidence, choice = describe_choice(
    [xr.open_dataset(path, engine="h5netcdf") for path in sorted(snakemake.input.pairs)],
    ScoreSettings(**p.score, learning_step_km=p.learning_step_km),
    resamples=p.resamples,
    seed=p.seed,
)
write_table(evidence, snakemake.output.evidence)
write_json(choice, snakemake.output.choice)
