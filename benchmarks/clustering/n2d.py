"""Run N2D (McConville et al. 2021): auto-encoder, UMAP to ten dimensions, Gaussian mixture.

Requires umap-learn, which the project does not install: pip install umap-learn
"""

import argparse
from pathlib import Path

import pandas as pd
import umap
from sklearn.mixture import GaussianMixture

from benchmarks.clustering.images import load_images
from benchmarks.clustering.protocols import PROTOCOLS
from benchmarks.clustering.rows import COLUMNS, add_rows
from rainscore.clustering.algorithms.classical import LatentKMeans
from rainscore.clustering.metrics import agreement

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("model", type=Path, help="mlp_kmeans of papers.py --models, without suffix")
parser.add_argument("data", help="image set of the model")
parser.add_argument("images", type=Path, help="folder of the image sets")
parser.add_argument("table", type=Path, help="CSV file of the rows")
options = parser.parse_args()
images, classes = load_images(options.data, options.images)
network = LatentKMeans.load(options.model)
latents = network.encode(PROTOCOLS["mlp_kmeans"].scaled(images, options.data))
manifold = umap.UMAP(n_components=10, n_neighbors=20, min_dist=0.0, random_state=network.seed)
flat = manifold.fit_transform(latents)
labels = GaussianMixture(10, n_init=5, random_state=network.seed).fit_predict(flat.astype(float))
row = {"method": "n2d", "data": options.data, "seed": network.seed, **agreement(classes, labels)}
row["protocol"] = "auto-encoder of mlp_kmeans (200 epochs; the paper 1 000), UMAP, mixture"
add_rows(pd.DataFrame([row]).reindex(columns=COLUMNS), options.table)
