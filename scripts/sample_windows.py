"""Draw windows of one split or case, with the vectors of the U-Net at their centre."""

from pathlib import Path

from rainscore.clustering.windowsamples import draw_windows
from rainscore.evaluation.transferskill import Case
from rainscore.io import read_table
from rainscore.runtime import start_logging, use_threads
from rainscore.times import times_of
from rainscore.training.trained import load_trained_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
paths, name = sorted(map(Path, i.features)), snakemake.wildcards.sample
times = times_of(read_table(i.splits), name) if p.split else Case.whole(name, "", paths[0]).times
sample = draw_windows(load_trained_unet(Path(i.unet[0]).with_suffix("")), paths, times, seed=p.seed)
sample.save(Path(snakemake.output.arrays).with_suffix(""), code=p.code)
