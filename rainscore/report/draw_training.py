"""Figures of the section on the training of the networks, from the result files of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from rainscore.io import read_table
from rainscore.report.figures.plot_training import plot_latent_sizes, plot_learning
from rainscore.report.runsample import RunSample


@dataclass(frozen=True)
class TrainingFiles:
    """Files that the figures of the training are drawn from.

    Attributes:
        unet_curve, autoencoder_curve: CSV files of the loss of each epoch.
        latent_sizes: Table of the reconstruction error by latent size, in a list; the list is
            empty where no sizes are compared.
        tables: Score tables, one per month.
    """

    unet_curve: str
    autoencoder_curve: str
    latent_sizes: Sequence[str]
    tables: Sequence[str]


def _learning(files: TrainingFiles, sample: RunSample) -> Figure:
    curves = {
        "U-Net": pd.read_csv(files.unet_curve),
        "auto-encoder": pd.read_csv(files.autoencoder_curve),
    }
    return plot_learning(curves, period=sample.period, world=sample.world)


def _latent_sizes(files: TrainingFiles, sample: RunSample) -> Figure:
    (path,) = files.latent_sizes
    return plot_latent_sizes(read_table(path), period=sample.period, world=sample.world)


TRAINING_FIGURES: Mapping[str, Callable[[TrainingFiles, RunSample], Figure]] = {
    "learning": _learning,
    "latent_sizes": _latent_sizes,
}
"""Function that draws each figure, by name."""
