"""Index the IMERG granules of a month in a local folder."""

from rainscore.imerg.manifests import index_granules, write_manifest
from rainscore.paths import CHECKOUT
from rainscore.runtime import start_logging, use_threads
from rainscore.times import steps

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p = snakemake.params
granules = index_granules(
    CHECKOUT / p.folder,
    steps(*p.span),
    run=p.run,
    version=f"V{p.version}" if p.version else None,
)
write_manifest(granules, snakemake.output.manifest, run=p.run)
