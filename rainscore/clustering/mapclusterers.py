"""Clusterers of maps of any method: loading by their cards."""

from pathlib import Path

from rainscore.clustering.algorithms.base import DeepClusterer
from rainscore.clustering.algorithms.methods import load_clusterer
from rainscore.clustering.compositions import METHOD, CompositionClusters
from rainscore.training.modelfiles import load_arrays

MapClusterer = CompositionClusters | DeepClusterer
"""Clusterer of maps."""


def load_map_clusterer(stem: Path) -> MapClusterer:
    """Load the fitted clusterer of a model file.

    Args:
        stem: Path of the model file without extension.

    Raises:
        RainscoreError: A file is missing or damaged, or its method is not known.
    """
    if load_arrays(stem)[1].get("method") == METHOD:
        return CompositionClusters.load(stem)
    return load_clusterer(stem)
