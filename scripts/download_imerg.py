"""Fetch a month of IMERG granules from NASA's archive."""

from pathlib import Path

from rainscore.download.imerg import Order, fetch_month
from rainscore.log import start_logging
from rainscore.manifests import write_manifest
from rainscore.months import domain_cells

start_logging(snakemake.log[0])
p = snakemake.params
order = Order(cells=domain_cells(p.domain), **p.order)
manifest = fetch_month(Path(snakemake.output.manifest).with_suffix(""), *p.span, order)
write_manifest(manifest, snakemake.output.manifest, run=order.run, access=order.access)
