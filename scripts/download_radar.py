"""Fetch a month of the French radar mosaic from its Zarr store, frame by frame."""

from pathlib import Path

from rainscore.download.zarrstore import fetch_frames
from rainscore.imerg.manifests import write_manifest
from rainscore.runtime import start_logging

start_logging(snakemake.log[0])
p = snakemake.params
folder = Path(snakemake.output.manifest).with_suffix("")
manifest = fetch_frames(folder, *p.span, shift_minutes=5 if p.stamp == "end" else 0)
write_manifest(
    manifest, snakemake.output.manifest, format="fr-radar-rainfall", step_minutes=5, stamp=p.stamp
)
