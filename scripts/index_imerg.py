"""Index a month of IMERG granules that lie in a local folder."""

from rainscore.config import ROOT
from rainscore.log import start_logging
from rainscore.manifests import index_granules, write_manifest
from rainscore.period import steps

start_logging(snakemake.log[0])
p = snakemake.params
version = f"V{p.version}" if p.version else None
granules = index_granules(ROOT / p.folder, steps(*p.span), run=p.run, version=version)
write_manifest(granules, snakemake.output.manifest, run=p.run)
