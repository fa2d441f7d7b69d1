"""Weigh the candidate scores and say which is the most adequate."""

from rainscore.choice.decision import describe_choice
from rainscore.files import read_table, write_json, write_table
from rainscore.log import start_logging
from rainscore.months import read_months
from rainscore.threads import use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
evidence, choice = describe_choice(
    read_months(snakemake.input.sums),
    read_months(snakemake.input.windows),
    read_table(snakemake.input.splits),
    used=snakemake.params.used,
    resamples=snakemake.params.resamples,
    seed=snakemake.params.seed,
)
write_table(evidence, snakemake.output.evidence)
write_json(choice, snakemake.output.choice)
