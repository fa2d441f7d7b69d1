"""Stream a year of the French radar mosaic from the hub and keep the frames of the run's months."""

from pathlib import Path

from rainscore.download.hub import fetch_year
from rainscore.io import write_table
from rainscore.runtime import start_logging

start_logging(snakemake.log[0])
frames = Path(snakemake.output.frames)
write_table(fetch_year(frames.parent, snakemake.wildcards.year, snakemake.params.months), frames)
