"""Index the radar frames of a month among those extracted from a year's archive of the hub."""

from rainscore.download.hub import month_manifest
from rainscore.imerg.manifests import write_manifest
from rainscore.io import read_table
from rainscore.radar.fr_radar import FrRadarRainfall
from rainscore.runtime import start_logging, use_threads
from rainscore.times import steps

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, step = snakemake.params, FrRadarRainfall.step_minutes
manifest = month_manifest(
    read_table(snakemake.input.frames),
    steps(*p.span, step),
    shift_minutes=step if p.timestamp_convention == "end" else 0,
)
write_manifest(
    manifest,
    snakemake.output.manifest,
    format=FrRadarRainfall.name,
    step_minutes=step,
    timestamp_convention=p.timestamp_convention,
)
