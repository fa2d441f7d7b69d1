"""Describe each code: its situation, when and where it occurs, and how good IMERG is there."""

from pathlib import Path

from rainscore.clustering.atlas import describe_codes
from rainscore.clustering.codebook import CodeBook
from rainscore.clustering.labels import as_records
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.modelfiles import write_part

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, out = snakemake.input, snakemake.output
book = CodeBook.load(Path(i.codebook[0]).with_suffix(""))
table = describe_codes(
    book,
    Path(i.codes),
    sorted(map(Path, i.features)),
    sorted(map(Path, i.scores)),
    read_table(i.splits),
)
write_table(table, out.table)
plain = table.assign(example_time=table["example_time"].dt.strftime("%Y-%m-%dT%H:%M"))
write_part({"codebook_sha256": book.card["weights_sha256"], "codes": as_records(plain)}, out.atlas)
