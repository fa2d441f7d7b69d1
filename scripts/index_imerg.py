"""Index a month of IMERG granules that lie in a local folder."""

from rainscore.imerg.manifests import index_granules, write_manifest
from rainscore.paths import CHECKOUT
from rainscore.runtime import start_logging
from rainscore.times import steps

start_logging(snakemake.log[0])
p = snakemake.params
version = f"V{p.version}" if p.version else None
granules = index_granules(CHECKOUT / p.folder, steps(*p.span), run=p.run, version=version)
write_manifest(granules, snakemake.output.manifest, run=p.run)
