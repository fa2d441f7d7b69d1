"""Draw surrogate maps without clusters and train the auto-encoder further on them."""

from pathlib import Path

from rainscore.clustering.mapsets import scored_maps
from rainscore.clustering.surrogates import make_surrogates
from rainscore.io import read_months, read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.autoencoder import load_autoencoder
from rainscore.training.modelfiles import save_arrays, save_model

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
encoder, card = load_autoencoder(Path(i.encoder[0]).with_suffix(""))
surrogates = make_surrogates(
    sorted(i.features),
    scored_maps(read_table(i.latents), read_months(i.tables)),
    encoder,
    min_wet_share=p.min_wet_share,
    max_training_maps=p.max_training_maps,
    epochs=p.epochs,
    seed=p.seed,
)
rain_card = {"kind": "surrogate maps"}
save_arrays(Path(out.rain).with_suffix(""), {"rain": surrogates.rain}, rain_card)
encoder_card = {**card.as_dict(), "surrogate_maps": True}
stem = Path(out.encoder[0]).with_suffix("")
save_model(stem, surrogates.encoder.state_dict(), encoder_card)
write_table(surrogates.table, out.maps)
