"""Choose the number of clusters by stability and by skill for the score."""

from pathlib import Path

from rainscore.clustering.mapsets import read_real_maps, read_surrogate_maps, scored_maps
from rainscore.clustering.numberchoice import chosen_number, number_table
from rainscore.io import read_months, read_table, write_json, write_table
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
real = read_real_maps(
    i.rain,
    scored_maps(read_table(i.latents), read_months(i.tables)),
    Path(i.encoder[0]).with_suffix(""),
    min_wet_share=p.min_wet_share,
)
surrogate = read_surrogate_maps(
    Path(i.surrogate_rain[0]).with_suffix(""),
    read_table(i.surrogate_maps),
    Path(i.surrogate_encoder[0]).with_suffix(""),
)
table = number_table(
    real,
    surrogate,
    summary=p.summary,
    max_training_maps=p.max_training_maps,
    seeds=p.seeds,
    resamples=p.resamples,
    seed=p.seed,
)
write_table(table, out.table)
write_json({"k": chosen_number(table)}, out.k)
