"""Read a month of IMERG from an open Icechunk store, write granules and their manifest."""

from pathlib import Path

from rainscore.download.storecatalogue import StoreSettings
from rainscore.download.storegranules import fetch_granules
from rainscore.grids import Domain
from rainscore.imerg.manifests import write_manifest
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, out = snakemake.params, snakemake.output
manifest = fetch_granules(
    Path(out.manifest).with_suffix(""),
    *p.span,
    settings=StoreSettings(**p.store),
    run=p.run,
    cells=Domain(**p.domain).cells,
)
write_manifest(manifest, out.manifest, run=p.run)
