"""Weigh the candidate scores and say which is the most adequate."""

from rainscore.io import read_months, read_table, write_json, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.scores.choice.decision import describe_choice
from rainscore.simulation.errorsources import ONE_ERROR

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
evidence, choice = describe_choice(
    read_months(snakemake.input.sums),
    read_months(snakemake.input.windows),
    read_table(snakemake.input.splits),
    used=snakemake.params.used,
    worlds=ONE_ERROR,
    resamples=snakemake.params.resamples,
    seed=snakemake.params.seed,
)
write_table(evidence, snakemake.output.evidence)
write_json(choice, snakemake.output.choice)
