"""Download a month of IMERG granules from NASA's archive, and write their manifest."""

from pathlib import Path

from rainscore.download.granules import ImergRequest, fetch_month
from rainscore.grids import Domain
from rainscore.imerg.manifests import write_manifest
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p, out = snakemake.params, snakemake.output
request = ImergRequest(cells=Domain(**p.domain).cells, **p.request)
manifest = fetch_month(Path(out.manifest).with_suffix(""), *p.span, request)
write_manifest(manifest, out.manifest, run=request.run, access=request.access)
