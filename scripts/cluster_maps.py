"""Cluster the training maps with one method and assign all other maps."""

from pathlib import Path

from rainscore.clustering.mapclusters import ClusterSettings, cluster_maps
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.autoencoder import load_autoencoder
from rainscore.training.checkpoint import Checkpoint, fingerprint

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
stem = Path(out.weights).with_suffix("")
checkpoint = Checkpoint(stem.with_suffix(".checkpoint"), fingerprint([], p.code, p.clustering))
encoder, encoder_card = load_autoencoder(Path(i.encoder[0]).with_suffix(""))
clusterer, card, table = cluster_maps(
    sorted(i.features),
    read_table(i.latents),
    encoder,
    snakemake.wildcards.method,
    settings=ClusterSettings.from_section(p.clustering, i.k),
    seed=p.seed,
    checkpoint=checkpoint,
)
entries = {"code": p.code, "simulated": p.simulated, "data_sha256": encoder_card.data_sha256}
digest = clusterer.save(stem, **card, **entries)
write_table(table, out.clusters, clusterer=digest)
checkpoint.remove()
