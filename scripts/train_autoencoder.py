"""Train the convolutional auto-encoder of rain maps."""

from pathlib import Path

from rainscore.io import read_table, write_text
from rainscore.runtime import start_logging, use_threads
from rainscore.training.cards import fingerprint
from rainscore.training.fitting import fit_autoencoder
from rainscore.training.launcher import on_every_gpu
from rainscore.training.modelfiles import save_model

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, stem = snakemake.params, Path(snakemake.output.weights).with_suffix("")
checkpoint = stem.with_suffix(".checkpoint")
model, curve, card = on_every_gpu(
    fit_autoencoder,
    sorted(snakemake.input.features),
    read_table(snakemake.input.splits),
    settings=p.autoencoder,
    min_wet=p.min_wet,
    seed=p.seed,
    checkpoint=checkpoint,
    fingerprint=fingerprint(snakemake.input.features, p.code, p.autoencoder, p.min_wet),
)
save_model(stem, model.state_dict(), {**card, "code": p.code, "simulated": p.simulated})
write_text(curve.to_csv(index=False), snakemake.output.curve)
checkpoint.unlink()
