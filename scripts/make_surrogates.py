"""Draw maps without clusters, and let the auto-encoder learn from them."""

from pathlib import Path

from rainscore.clustering.repeats import null_world, scored_maps
from rainscore.io import read_months, read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.modelfiles import save_arrays, save_model
from rainscore.training.models import load_autoencoder

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, given, out = snakemake.params, snakemake.input, snakemake.output
encoder, card = load_autoencoder(Path(given.encoder[0]).with_suffix(""))
maps = scored_maps(read_table(given.latents), read_months(given.tables))
rain, table, encoder = null_world(sorted(given.features), maps, encoder, **p.null, seed=p.seed)
save_arrays(Path(out.rain).with_suffix(""), {"rain": rain}, {"kind": "surrogate maps"})
save_model(Path(out.encoder[0]).with_suffix(""), encoder.state_dict(), {**card, "null": True})
write_table(table, out.maps)
