"""Draw the decoded units of a DESOM, framed by the share of their most frequent class."""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.clustering.images import load_images
from rainscore.clustering.algorithms.desom import DESOM
from rainscore.report.figures.plot_desom import plot_units
from rainscore.report.figures.style import save

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("model", type=Path, help="model of papers.py --models, without suffix")
parser.add_argument("data", help="image set of the model")
parser.add_argument("images", type=Path, help="folder of the image sets")
parser.add_argument("picture", type=Path)
options = parser.parse_args()
images, classes = load_images(options.data, options.images)
desom = DESOM.load(options.model)
labels = desom.predict(images)
shares = np.full(desom.rows * desom.columns, np.nan)
for unit in np.unique(labels):
    shares[unit] = np.bincount(classes[labels == unit]).max() / np.sum(labels == unit)
figure = plot_units(
    desom.decoded_map(),
    shares.reshape(desom.rows, desom.columns),
    label="share of the most frequent class",
    title=f"DESOM on {options.data}",
    subtitle=f"{len(images)} images, seed {desom.seed}, {np.isnan(shares).sum()} empty units",
)
save(figure, options.picture)
