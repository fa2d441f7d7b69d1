"""Train the U-Net together with a code book for the score, and assign the windows to its codes."""

from pathlib import Path

from rainscore.clustering.tunedcodes import assign_windows, start_codes, tune_codes
from rainscore.clustering.windowcodes import codes_table
from rainscore.clustering.windowsamples import WindowSample
from rainscore.evaluation.transferskill import Case
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.times import times_of
from rainscore.training.checkpoint import Checkpoint, fingerprint
from rainscore.training.trained import load_trained_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
seed, output = int(wildcards.seed), Path(snakemake.output.codes)
unet = load_trained_unet(Path(i.unet[0]).with_suffix(""))
features, splits = sorted(map(Path, i.features)), read_table(i.splits)
times = {split: times_of(splits, split) for split in p.splits}
checkpoint = Checkpoint(
    output.with_suffix(".checkpoint"), fingerprint(i.features, p.code, p.steps, *wildcards)
)
sample = WindowSample.load(Path(i.sample[0]).with_suffix(""))
model = tune_codes(
    start_codes(unet.model, sample, int(wildcards.codes), seed=seed),
    features,
    times,
    hidden=unet.card.hidden,
    steps=p.steps,
    seed=seed,
    checkpoint=checkpoint,
)
codes = {
    name: assign_windows(model, unet, features, chosen, seed=p.seed)
    for name, chosen in times.items()
}
for path in map(Path, i.cases):
    case = Case.whole(path.stem, "", path)
    codes[path.stem] = assign_windows(model, unet, [path], case.times, seed=p.seed)
write_table(codes_table(codes), output)
checkpoint.remove()
