"""Run N2D (McConville et al. 2021): auto-encoder, UMAP to ten dimensions, Gaussian mixture."""
# ruff: noqa: F821 (`snakemake` is defined by the workflow)

from pathlib import Path

import umap
from images import load_images
from protocols import PROTOCOLS
from rows import write_row
from sklearn.mixture import GaussianMixture

from rainscore.clustering.algorithms.classical import LatentKMeans
from rainscore.clustering.metrics import agreement
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
data, seed = snakemake.wildcards.data, int(snakemake.wildcards.seed)
images, classes = load_images(data, Path(snakemake.params.images))
network = LatentKMeans.load(Path(snakemake.input.start).with_suffix(""))
latents = network.encode(PROTOCOLS["mlp_kmeans"].scaled(images, data))
manifold = umap.UMAP(n_components=10, n_neighbors=20, min_dist=0.0, random_state=seed)
flat = manifold.fit_transform(latents)
labels = GaussianMixture(10, n_init=5, random_state=seed).fit_predict(flat.astype(float))
row = {"method": "n2d", "data": data, "seed": seed, **agreement(classes, labels)}
if data == "mnist":
    row |= {"published_acc": 0.979, "published_nmi": 0.942}
row["protocol"] = "auto-encoder of mlp_kmeans (200 epochs; the paper 1 000), UMAP, mixture"
write_row(row, Path(snakemake.output.row), Path(snakemake.params.table))
