"""Train the U-Net that predicts the score map from IMERG alone."""

from pathlib import Path

from rainscore.io import read_table, write_text
from rainscore.runtime import start_logging, use_threads
from rainscore.training.cards import fingerprint
from rainscore.training.dataset import unknown_channels
from rainscore.training.fitting import fit_unet
from rainscore.training.launcher import on_every_gpu
from rainscore.training.modelfiles import save_model

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, stem = snakemake.params, Path(snakemake.output.weights).with_suffix("")
checkpoint = stem.with_suffix(".checkpoint")
model, curve, card = on_every_gpu(
    fit_unet,
    sorted(snakemake.input.features),
    read_table(snakemake.input.splits),
    settings=p.unet,
    hidden=unknown_channels(p.run),
    seed=p.seed,
    checkpoint=checkpoint,
    fingerprint=fingerprint(snakemake.input.features, p.code, p.unet, p.run),
)
card |= {"code": p.code, "simulated": p.simulated, "domain": p.domain, "run": p.run}
save_model(stem, model.state_dict(), card)
write_text(curve.to_csv(index=False), snakemake.output.curve)
checkpoint.unlink()
