"""Fit the code book of the windows, and evaluate its number of codes on the validation days."""

from pathlib import Path

from rainscore.clustering.codebook import feature_scale, fit_codebook
from rainscore.clustering.codecurve import code_curve
from rainscore.clustering.codesamples import sample_windows
from rainscore.clustering.numberchoice import chosen_number
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.times import times_of
from rainscore.training.unet import load_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
model, card = load_unet(Path(i.unet[0]).with_suffix(""))
splits, features = read_table(i.splits), sorted(map(Path, i.features))
samples = {
    split: sample_windows(model, card, features, times_of(splits, split), seed=p.seed)
    for split in ("train", "validation", "calibration")
}
scale = feature_scale(model)
curve = code_curve(samples, scale, seeds=p.seeds, **p.bootstrap)
book = fit_codebook(
    samples,
    scale,
    chosen_number(curve) if p.codes == "auto" else p.codes,
    families=p.families,
    seed=p.seed,
    card={"unet_sha256": card.weights_sha256, "code": p.code, "simulated": p.simulated},
)
book.save(Path(out.weights).with_suffix(""))
write_table(curve, out.curve)
