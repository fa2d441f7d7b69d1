"""Compare auto-encoders with latent vectors of several sizes on the validation maps."""

from rainscore.evaluation.latentsizes import compare_latents
from rainscore.io import read_json, read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.cards import AutoEncoderCard

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
cards = [AutoEncoderCard.from_dict(read_json(path), file=path) for path in i.cards]
table = compare_latents(sorted(i.features), read_table(i.splits), cards, seed=p.seed)
write_table(table, snakemake.output.sizes)
