"""Compute the criteria of each candidate score, and recommend one."""

from rainscore.io import read_months, read_table, write_json, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.scores.choice.decision import choose_score
from rainscore.simulation.errorsources import ONE_ERROR

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
evidence, choice = choose_score(
    read_months(i.sums),
    read_months(i.windows),
    read_table(i.splits),
    used=p.used,
    error_kinds=ONE_ERROR,
    resamples=p.resamples,
    seed=p.seed,
)
write_table(evidence, out.evidence)
write_json(choice, out.choice)
