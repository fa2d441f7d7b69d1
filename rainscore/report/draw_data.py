"""Figures of the section on the data, from the result files of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from rainscore.imerg.manifests import read_manifest
from rainscore.report.figures.plot_data import plot_availability


@dataclass(frozen=True)
class DataFiles:
    """Files that the figures of the data are drawn from.

    Attributes:
        imerg, radar: Manifests of IMERG and of the radar, one per month.
    """

    imerg: Sequence[str]
    radar: Sequence[str]


def _availability(files: DataFiles, world: str) -> Figure:
    manifests = {
        "IMERG": pd.concat([read_manifest(path) for path in files.imerg]),
        "radar": pd.concat([read_manifest(path) for path in files.radar]),
    }
    return plot_availability(manifests, world=world)


DATA_FIGURES: Mapping[str, Callable[[DataFiles, str], Figure]] = {"availability": _availability}
"""Function that draws each figure, by name."""
