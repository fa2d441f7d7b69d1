"""Choose the number of clusters of maps by its skill for the score on the validation days."""

from pathlib import Path

from rainscore.clustering.codebook import CodeBook
from rainscore.clustering.compositions import METHOD, read_compositions
from rainscore.clustering.latents import scaled_latents
from rainscore.clustering.mapsets import scored_maps
from rainscore.clustering.numberchoice import chosen_number, number_table
from rainscore.io import read_months, read_table, write_json, write_table
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
latents = read_table(i.latents)
maps = scored_maps(latents, read_months(i.tables))
maps = maps[maps["wet_share"] >= p.min_wet_share]
if p.method == METHOD:
    book = CodeBook.load(Path(i.codebook[0]).with_suffix(""))
    maps, vectors = read_compositions(Path(i.codes), book, maps)
else:
    vectors = scaled_latents(latents, maps)
table = number_table(vectors, maps, seeds=p.seeds, **p.bootstrap)
write_table(table, out.table)
write_json({"k": chosen_number(table)}, out.k)
