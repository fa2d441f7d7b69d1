"""Clustering methods by their names in the configuration, with settings for maps of rain."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import Any

from rainscore.clustering.algorithms.base import DeepClusterer
from rainscore.clustering.algorithms.classical import (
    LatentAgglomerative,
    LatentKMeans,
    LatentMap,
    LatentMixture,
)
from rainscore.clustering.algorithms.dcec import DCEC, IDEC
from rainscore.clustering.algorithms.depict import DEPICT
from rainscore.clustering.algorithms.desom import DESOM
from rainscore.clustering.algorithms.dkm import DeepKMeans
from rainscore.errors import DamagedFile, RainscoreError
from rainscore.training.modelfiles import load_model

BATCH = 64
"""Maps per step."""


DIGITS_ERROR = 0.01
"""Mean squared error of a trained auto-encoder of digits in [0, 1], the data for which the papers
choose the weights of their clustering losses."""


DIGITS_PIXELS = 28 * 28
"""Number of pixels of a digit (MNIST)."""


@dataclass(frozen=True)
class Plan:
    """Quantities from which the settings of a method follow.

    Attributes:
        k: Number of clusters.
        epochs: Maximum number of epochs of the joint training.
        steps: Batches per epoch.
        error: Mean squared error of the initial auto-encoder.
        pixels: Number of values of a map.
    """

    k: int
    epochs: int
    steps: int
    error: float
    pixels: int

    @property
    def side(self) -> dict[str, int]:
        """Rows and columns of the most nearly square map of k units."""
        rows = next(n for n in range(isqrt(self.k), 0, -1) if self.k % n == 0)
        return {"rows": rows, "columns": self.k // rows}

    def weight(self, paper: float, *, input_range: float = 1.0, summed: bool = False) -> float:
        """Weight of the clustering loss, so that its ratio to the other loss is that of the paper.

        The weight of the paper is multiplied by the reconstruction loss of the maps divided by that
        of the digits of the paper. The clustering losses depend neither on the number of pixels nor
        on the range of the input.

        Args:
            paper: Weight in the paper.
            input_range: Difference between the largest and smallest input value in the paper.
            summed: Whether the reconstruction loss is a sum over the pixels instead of their mean.
        """
        error, digits = self.error, DIGITS_ERROR * input_range**2
        if summed:
            error, digits = error * self.pixels, digits * DIGITS_PIXELS
        return paper * error / digits


@dataclass(frozen=True)
class Method:
    """Clustering method of the workflow.

    Attributes:
        kind: Class of the clusterer.
        settings: Function from the plan to the settings of the class.
        joint: Whether network and clusters are trained together.
        own_network: Whether the method trains the network of its paper instead of starting from
            the auto-encoder of the run.
        grid: Whether the clusters are units of a grid, so that their numbers are positions.
    """

    kind: type[DeepClusterer]
    settings: Callable[[Plan], dict[str, Any]]
    joint: bool = True
    own_network: bool = False
    grid: bool = False


def _fixed(plan: Plan) -> dict[str, Any]:
    return {"k": plan.k, "pretrain_epochs": 0}


def _dcec(plan: Plan, input_range: float = 1.0) -> dict[str, Any]:
    return {
        **_fixed(plan),
        "weight": plan.weight(0.1, input_range=input_range),
        "update": plan.steps,
        "max_steps": plan.epochs * plan.steps,
    }


METHODS = {
    "kmeans": Method(LatentKMeans, _fixed, joint=False),
    "mixture": Method(LatentMixture, _fixed, joint=False),
    "agglomerative": Method(LatentAgglomerative, _fixed, joint=False),
    "som": Method(
        LatentMap, lambda plan: {**plan.side, "pretrain_epochs": 0}, joint=False, grid=True
    ),
    "dcec": Method(DCEC, _dcec),
    "idec": Method(
        IDEC,
        # The paper multiplies digits in [0, 1] by 5.1 (MNIST) and 2 (USPS).
        lambda plan: {**_dcec(plan, input_range=2.0), "pretrain_epochs": 2 * plan.epochs},
        own_network=True,
    ),
    "deep_kmeans": Method(
        DeepKMeans,
        lambda plan: {
            **_fixed(plan),
            "weight": plan.weight(1.0, summed=True),
            "epochs_each": 1,
            "values": plan.epochs,
        },
    ),
    "depict": Method(
        DEPICT,
        lambda plan: {
            **_fixed(plan),
            "weight": plan.weight(1.0, input_range=2.0),
            "learning_rate": 1e-3,
            "start_epochs": plan.epochs,
            "max_epochs": plan.epochs,
        },
    ),
    "desom": Method(
        DESOM,
        lambda plan: {
            **plan.side,
            # A tenth of the weight of the paper: standardised vectors are longer, and with the
            # full weight all maps collapse to one point.
            "weight": plan.weight(1e-4),
            "steps": plan.epochs * plan.steps,
            "first": 1.0,
            "start": "map",
        },
        grid=True,
    ),
}


def load_clusterer(stem: Path) -> DeepClusterer:
    """Load the fitted clusterer of a model file, of any method.

    Args:
        stem: Path of the model file without extension.

    Raises:
        RainscoreError: A file is missing or damaged, or its method is not in METHODS.
        DamagedFile: The card is not that of a clusterer of this version.
    """
    name = load_model(stem)[1].get("method")
    kinds = {method.kind.__name__: method.kind for method in METHODS.values()}
    if not isinstance(name, str) or name not in kinds:
        raise RainscoreError(f"{stem}: contains no clusterer ({name}); cluster the maps again")
    try:
        return kinds[name].load(stem)
    except (TypeError, ValueError, LookupError, AttributeError, RuntimeError) as error:
        reason = f"not a clusterer of this version ({type(error).__name__}: {error})"
        raise DamagedFile(f"{stem}.json", reason, "cluster the maps again") from error
