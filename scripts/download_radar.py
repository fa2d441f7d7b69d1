"""Download a month of the French radar mosaic from its Zarr store, and write its manifest."""

from pathlib import Path

from rainscore.download.zarrstore import fetch_frames, store_address
from rainscore.imerg.manifests import write_manifest
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, out = snakemake.params, snakemake.output
folder = Path(out.manifest).with_suffix("")
manifest = fetch_frames(
    folder,
    *p.span,
    **store_address(p.store, p.store_endpoint),
    shift_minutes=5 if p.timestamp_convention == "end" else 0,
)
write_manifest(
    manifest,
    out.manifest,
    format="fr-radar-rainfall",
    step_minutes=5,
    timestamp_convention=p.timestamp_convention,
)
