"""Read a month of hourly radar from an open Icechunk store, write frames and their manifest."""

from pathlib import Path

from rainscore.download.storecatalogue import StoreSettings
from rainscore.download.storeradar import fetch_hours
from rainscore.grids import Domain
from rainscore.imerg.manifests import write_manifest
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, out = snakemake.params, snakemake.output
manifest = fetch_hours(
    Path(out.manifest).with_suffix(""),
    *p.span,
    settings=StoreSettings(**p.store),
    target=Domain(**p.domain).grid,
    timestamp_convention=p.timestamp_convention,
)
write_manifest(
    manifest,
    out.manifest,
    format="netcdf",
    step_minutes=60,
    timestamp_convention=p.timestamp_convention,
)
