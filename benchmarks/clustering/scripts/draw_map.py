"""Draw the decoded units of a DESOM, framed by the share of their most frequent class."""
# ruff: noqa: F821 (`snakemake` is defined by the workflow)

from pathlib import Path

import numpy as np
from images import load_images

from rainscore.clustering.algorithms.desom import DESOM
from rainscore.report.figures.plot_desom import plot_units
from rainscore.report.figures.style import save
from rainscore.runtime import start_logging

start_logging(snakemake.log[0])
data, seed = snakemake.wildcards.data, snakemake.wildcards.seed
images, classes = load_images(data, Path(snakemake.params.images))
desom = DESOM.load(Path(snakemake.input.model).with_suffix(""))
labels = desom.predict(images)
shares = np.full(desom.rows * desom.columns, np.nan)
for unit in np.unique(labels):
    shares[unit] = np.bincount(classes[labels == unit]).max() / np.sum(labels == unit)
figure = plot_units(
    desom.decoded_map(),
    shares.reshape(desom.rows, desom.columns),
    label="share of the most frequent class",
    title=f"DESOM on {data}",
    subtitle=f"{len(images)} images, seed {seed}, {np.isnan(shares).sum()} empty units",
)
save(figure, snakemake.output.picture)
