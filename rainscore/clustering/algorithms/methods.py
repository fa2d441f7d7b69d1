"""The clustering methods by the name that the configuration uses, set for maps of rain."""

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
from rainscore.errors import RainscoreError
from rainscore.training.modelfiles import load_model

BATCH = 64


DIGITS_ERROR = 0.01
"""Mean squared error that an auto-encoder of digits ends with: the papers' weights go with it."""


@dataclass(frozen=True)
class Plan:
    """What the settings of a method depend on.

    Attributes:
        k: Number of clusters.
        epochs: Most epochs of the joint training.
        steps: Batches of an epoch.
        error: Mean squared error of the auto-encoder that it starts from.
    """

    k: int
    epochs: int
    steps: int
    error: float

    @property
    def side(self) -> dict[str, int]:
        """Rows and columns of a map of k units, as near to a square as k allows."""
        rows = next(n for n in range(isqrt(self.k), 0, -1) if self.k % n == 0)
        return {"rows": rows, "columns": self.k // rows}

    def weight(self, paper: float) -> float:
        """The paper's weight of the clustering loss, in proportion to the error beside it."""
        return paper * self.error / DIGITS_ERROR


@dataclass(frozen=True)
class Method:
    """A method of the workflow.

    Attributes:
        kind: Its class.
        settings: Its settings, from the plan.
        joint: Whether network and clusters learn together.
        own_network: Whether it learns a network of its own instead of the project's.
        grid: Whether its clusters are units of a grid, so that their numbers are positions.
    """

    kind: type[DeepClusterer]
    settings: Callable[[Plan], dict[str, Any]]
    joint: bool = True
    own_network: bool = False
    grid: bool = False


def _fixed(plan: Plan) -> dict[str, Any]:
    return {"k": plan.k, "pretrain_epochs": 0}


def _dcec(plan: Plan) -> dict[str, Any]:
    return {
        "k": plan.k,
        "pretrain_epochs": 0,
        "weight": plan.weight(0.1),
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
        lambda plan: {**_dcec(plan), "pretrain_epochs": 2 * plan.epochs},
        own_network=True,
    ),
    "deep_kmeans": Method(
        DeepKMeans,
        lambda plan: {
            **_fixed(plan),
            "weight": plan.weight(1.0),
            "epochs_each": 1,
            "values": plan.epochs,
        },
    ),
    "depict": Method(
        DEPICT,
        lambda plan: {
            **_fixed(plan),
            "learning_rate": 1e-3,
            "start_epochs": plan.epochs,
            "max_epochs": plan.epochs,
        },
    ),
    "desom": Method(
        DESOM,
        lambda plan: {
            **plan.side,
            # A tenth of the paper's: standardised vectors are longer, and the units would drag
            # all maps into one point.
            "weight": plan.weight(1e-4),
            "steps": plan.epochs * plan.steps,
            "first": 1.0,
            "start": "map",
        },
        grid=True,
    ),
}


def load_clusterer(stem: Path) -> DeepClusterer:
    """The fitted clusterer of a model file, of whatever method; `card_` holds its card.

    Raises:
        RainscoreError: A file is missing or damaged, or of no method known here.
    """
    name = load_model(stem)[1].get("method")
    kinds = {method.kind.__name__: method.kind for method in METHODS.values()}
    if name not in kinds:
        raise RainscoreError(f"{stem}: holds no clusterer ({name}); cluster the maps again")
    return kinds[name].load(stem)
