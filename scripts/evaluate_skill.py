"""Measure the skill of every method on the held-out days."""

from pathlib import Path

from rainscore.evaluation.heldout import evaluate
from rainscore.io import read_months, read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.calibration import read_calibration
from rainscore.training.models import load_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, given = snakemake.params, snakemake.input
stem = Path(given.unet[0]).with_suffix("")
model, card = load_unet(stem)
found = evaluate(
    sorted(given.features),
    read_table(given.splits),
    read_months(given.tables),
    model,
    card,
    read_calibration(stem, card),
    {method: read_table(path) for method, path in zip(p.methods, given.clusters, strict=True)},
    read_table(given.latents),
    resamples=p.resamples,
    boosting_windows=p.boosting_windows,
    seed=p.seed,
)
for name, path in snakemake.output.items():
    write_table(getattr(found, name), path)
