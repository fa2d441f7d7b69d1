"""Fetch a month of IMERG granules from NASA's archive."""

from pathlib import Path

from rainscore.download.granules import Order, fetch_month
from rainscore.grids import Domain
from rainscore.imerg.manifests import write_manifest
from rainscore.runtime import start_logging

start_logging(snakemake.log[0])
p = snakemake.params
domain = Domain(**p.domain)
order = Order(cells=domain.cells, **p.order)
manifest = fetch_month(Path(snakemake.output.manifest).with_suffix(""), *p.span, order)
write_manifest(manifest, snakemake.output.manifest, run=order.run, access=order.access)
