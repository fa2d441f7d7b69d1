"""Train the auto-encoder of windows on all channels, or on the rain alone."""

from pathlib import Path

from rainscore.clustering.windowcodes import fit_window_encoder
from rainscore.clustering.windowsamples import WindowSample
from rainscore.runtime import start_logging, use_threads
from rainscore.training.channels import CHANNELS, RAIN_CHANNELS
from rainscore.training.checkpoint import Checkpoint, fingerprint
from rainscore.training.timecontext import input_channels

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
stem = Path(snakemake.output.weights).with_suffix("")
checkpoint = Checkpoint(
    stem.with_suffix(".checkpoint"), fingerprint(i.samples, p.code, p.steps, *wildcards)
)
encoder = fit_window_encoder(
    {Path(path).stem: WindowSample.load(Path(path).with_suffix("")) for path in i.samples},
    input_channels(CHANNELS),
    only=RAIN_CHANNELS if wildcards.channels == "rain" else (),
    steps=p.steps,
    seed=int(wildcards.seed),
    checkpoint=checkpoint,
)
encoder.save(stem, code=p.code)
checkpoint.remove()
