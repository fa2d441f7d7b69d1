"""Choose the number of clusters."""

from pathlib import Path

from rainscore.clustering.number import chosen_number, number_table
from rainscore.clustering.repeats import read_world, scored_maps
from rainscore.io import read_months, read_table, write_json, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.models import load_autoencoder

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, given = snakemake.params, snakemake.input
maps = scored_maps(read_table(given.latents), read_months(given.tables))
real = (*read_world(sorted(given.rain), maps, p.min_wet),)
null = (*read_world(sorted(given.null_rain), read_table(given.null_maps), p.min_wet),)
encoders = [load_autoencoder(Path(x[0]).with_suffix(""))[0] for x in (given.encoder, given.null)]
table = number_table((*real, encoders[0]), (*null, encoders[1]), **p.options)
write_table(table, snakemake.output.table)
write_json({"k": chosen_number(table)}, snakemake.output.k)
