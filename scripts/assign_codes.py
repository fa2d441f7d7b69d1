"""Assign a code to every window of the period."""

from pathlib import Path

from rainscore.clustering.codebook import CodeBook
from rainscore.clustering.codemaps import write_codes
from rainscore.io import read_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.unet import load_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, out = snakemake.input, snakemake.output
model, card = load_unet(Path(i.unet[0]).with_suffix(""))
book = CodeBook.load(Path(i.codebook[0]).with_suffix(""))
times = read_table(i.splits)["time"].to_numpy()
write_codes(model, card, book, sorted(map(Path, i.features)), times, Path(out.codes))
