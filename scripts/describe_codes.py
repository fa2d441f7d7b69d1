"""Describe each code: its situation, when and where it occurs, how good IMERG is, its prototype."""

from pathlib import Path

from rainscore.clustering.atlas import describe_codes
from rainscore.clustering.codebook import CodeBook
from rainscore.clustering.codepatches import prototype_patches
from rainscore.clustering.labels import as_records
from rainscore.io import read_table, write_netcdf, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.modelfiles import write_part

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, out = snakemake.input, snakemake.output
book = CodeBook.load(Path(i.codebook[0]).with_suffix(""))
features, splits = sorted(map(Path, i.features)), read_table(i.splits)
table = describe_codes(book, Path(i.codes), features, sorted(map(Path, i.scores)), splits)
write_table(table, out.table)
write_netcdf(prototype_patches(book, Path(i.codes), features, splits), out.prototypes)
plain = table.assign(example_time=table["example_time"].dt.strftime("%Y-%m-%dT%H:%M"))
write_part({"codebook_sha256": book.card["weights_sha256"], "codes": as_records(plain)}, out.atlas)
