"""Train and evaluate one method on one image set with one seed."""
# ruff: noqa: F821 (`snakemake` is defined by the workflow)

from pathlib import Path

from rainscore.runtime import start_logging, use_threads
from runs import run_method

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
wildcards = snakemake.wildcards
start = snakemake.input.get("start")
run_method(
    wildcards.method,
    wildcards.data,
    int(wildcards.seed),
    start=Path(start).with_suffix("") if start else None,
    images=Path(snakemake.params.images),
    stem=Path(snakemake.output.row).with_suffix(""),
    table=Path(snakemake.params.table),
)
