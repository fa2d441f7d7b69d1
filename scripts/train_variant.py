"""Train a variant of the U-Net: what it does not see, or is not trained on, shows what matters."""

from pathlib import Path

from rainscore.io import read_table, write_text
from rainscore.runtime import start_logging, use_threads
from rainscore.training.cards import fingerprint
from rainscore.training.fitting import fit_variant
from rainscore.training.launcher import on_every_gpu
from rainscore.training.modelfiles import save_model

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, name = snakemake.params, snakemake.wildcards.variant
stem = Path(snakemake.output.weights).with_suffix("")
checkpoint = stem.with_suffix(".checkpoint")
model, curve, card = on_every_gpu(
    fit_variant,
    sorted(snakemake.input.features),
    read_table(snakemake.input.splits),
    name,
    run=p.run,
    settings=p.unet,
    seed=p.seed,
    checkpoint=checkpoint,
    fingerprint=fingerprint(snakemake.input.features, p.code, p.unet, p.run, name),
)
card |= {"code": p.code, "simulated": p.simulated, "domain": p.domain, "run": p.run}
save_model(stem, model.state_dict(), card)
write_text(curve.to_csv(index=False), snakemake.output.curve)
checkpoint.unlink()
