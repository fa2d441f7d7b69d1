"""Measure the skill of every method on the held-out days."""

from pathlib import Path

from rainscore.calibration.windows import read_calibration
from rainscore.evaluation.heldout import evaluate
from rainscore.files import read_table, write_table
from rainscore.log import start_logging
from rainscore.months import read_months
from rainscore.networks.unetfiles import load_unet
from rainscore.threads import use_threads

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
    **p.evaluation,
    seed=p.seed,
)
for name, path in snakemake.output.items():
    write_table(getattr(found, name), path)
