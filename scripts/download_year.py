"""Download a year of the French radar mosaic from the hub: the frames of the run's months."""

from pathlib import Path

from rainscore.download.hub import fetch_year
from rainscore.io import write_table
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, out = snakemake.params, snakemake.output
frames = fetch_year(Path(out.frames).parent, snakemake.wildcards.year, p.months)
write_table(frames, out.frames)
