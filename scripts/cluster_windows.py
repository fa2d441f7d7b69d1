"""Cluster the training windows with one encoder, method and seed, and assign all others."""

from pathlib import Path

from rainscore.clustering.codebook import feature_scale
from rainscore.clustering.windowcodes import WindowEncoder, codes_table, encoder_codes
from rainscore.clustering.windowsamples import WindowSample
from rainscore.io import write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.checkpoint import Checkpoint, fingerprint
from rainscore.training.unet import load_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
output = Path(snakemake.output.codes)
checkpoint = Checkpoint(
    output.with_suffix(".checkpoint"), fingerprint(i.samples, p.code, p.steps, *wildcards)
)
codes = encoder_codes(
    wildcards.windows,
    wildcards.technique,
    int(wildcards.codes),
    {Path(path).stem: WindowSample.load(Path(path).with_suffix("")) for path in i.samples},
    scale=feature_scale(load_unet(Path(i.unet[0]).with_suffix(""))[0]),
    encoder=WindowEncoder.load(Path(i.encoder[0]).with_suffix("")) if i.encoder else None,
    steps=p.steps,
    seed=int(wildcards.seed),
    checkpoint=checkpoint,
)
write_table(codes_table(codes), output)
checkpoint.remove()
