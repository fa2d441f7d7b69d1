"""Cluster the training maps with one method and assign all other maps."""

from pathlib import Path

from rainscore.clustering.mapclusters import ClusterSettings, cluster_maps
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.cards import fingerprint
from rainscore.training.models import load_autoencoder

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
stem = Path(out.weights).with_suffix("")
checkpoint = stem.with_suffix(".checkpoint")
encoder, _ = load_autoencoder(Path(i.encoder[0]).with_suffix(""))
clusterer, card, table = cluster_maps(
    sorted(i.features),
    read_table(i.latents),
    encoder,
    snakemake.wildcards.method,
    settings=ClusterSettings.from_section(p.clustering, i.k),
    seed=p.seed,
    checkpoint=checkpoint,
    fingerprint=fingerprint([], p.code, p.clustering),
)
clusterer.save(stem, **card, code=p.code, simulated=p.simulated)
write_table(table, out.clusters)
checkpoint.unlink(missing_ok=True)  # only the joint methods write one
