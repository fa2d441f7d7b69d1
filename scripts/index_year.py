"""List the frames of a month among those that came from the hub."""

from rainscore.download.hub import month_manifest
from rainscore.imerg.manifests import write_manifest
from rainscore.io import read_table
from rainscore.runtime import start_logging
from rainscore.times import steps

start_logging(snakemake.log[0])
p = snakemake.params
frames = read_table(snakemake.input.frames)
manifest = month_manifest(frames, steps(*p.span, 5), shift_minutes=5 if p.stamp == "end" else 0)
write_manifest(
    manifest, snakemake.output.manifest, format="fr-radar-rainfall", step_minutes=5, stamp=p.stamp
)
