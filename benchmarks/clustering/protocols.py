"""Settings of each method on each image set, and the published results."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import nn

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
from rainscore.clustering.algorithms.encoders import ConvNet, ConvSettings, Identity


@dataclass(frozen=True)
class Protocol:
    """Protocol of one method, as in its paper.

    Attributes:
        method: Class of the clusterer.
        settings: Settings of the class, without seed and network.
        by_data: Further settings by image set.
        network: Function from the dims of a member to the initial network, if it is not the default
            of the class.
        scale: (factor, shift) that converts images in [0, 1] to the input of the method.
        scale_by_data: The same by image set.
        pixels: Whether the images are flattened to vectors of pixels.
        text: Description of the protocol in the table.
    """

    method: type[DeepClusterer]
    settings: dict[str, Any] = field(default_factory=dict)
    by_data: dict[str, dict[str, Any]] = field(default_factory=dict)
    network: Callable[[Any], nn.Module] | None = None
    scale: tuple[float, float] = (1.0, 0.0)
    scale_by_data: dict[str, tuple[float, float]] = field(default_factory=dict)
    pixels: bool = False
    text: str = "full"

    def build(self, data: str, **others: Any) -> DeepClusterer:
        """The clusterer before training, with other settings of `DeepClusterer`."""
        return self.method(**{**self.settings, **self.by_data.get(data, {}), **others})

    def scaled(self, images: Any, data: str) -> Any:
        """Images converted to the input range of the method."""
        factor, shift = self.scale_by_data.get(data, self.scale)
        return images * factor + shift


def _conv(shape: tuple[int, int, int]) -> nn.Module:
    return ConvNet(ConvSettings(shape))


def _identity(shape: tuple[int, ...]) -> nn.Module:
    return Identity()


DATA = ("usps", "mnist-test", "mnist", "fashion-mnist")
JOINT = ("dcec", "idec", "dkm", "desom", "depict")
"""The methods of the papers."""

K = {"k": 10}
PATHS = K | {"linkage": "path integral"}
DIGITS = {"usps": (2.0, 0.0), "mnist": (5.1, 0.0), "mnist-test": (5.1, 0.0)}
CENTRED = (2.0, -1.0)
LARGE = {"pretrain_epochs": 40, "max_epochs": 20}
SMALL = {"start": "path integral"}

PROTOCOLS = {
    "pixels_kmeans": Protocol(
        LatentKMeans, K | {"pretrain_epochs": 0}, network=_identity, pixels=True
    ),
    "pixels_map": Protocol(LatentMap, {"pretrain_epochs": 0}, network=_identity, pixels=True),
    "conv_kmeans": Protocol(LatentKMeans, K, network=_conv),
    "conv_paths": Protocol(LatentAgglomerative, PATHS, network=_conv),
    "mlp_kmeans": Protocol(LatentKMeans, K, scale_by_data=DIGITS),
    "mlp_mixture": Protocol(LatentMixture, K, scale_by_data=DIGITS),
    "mlp_agglomerative": Protocol(LatentAgglomerative, K, scale_by_data=DIGITS),
    "mlp_paths": Protocol(LatentAgglomerative, PATHS, scale_by_data=DIGITS),
    "mlp_map": Protocol(LatentMap, scale_by_data=DIGITS),
    "dcec": Protocol(DCEC, K),
    "idec": Protocol(
        IDEC,
        K,
        by_data={"usps": {"update": 30, "optimizer": "sgd"}},
        scale_by_data=DIGITS,
        text="full, auto-encoder trained as a whole",
    ),
    "dkm": Protocol(DeepKMeans, K, scale_by_data={"usps": CENTRED}),
    "dkm_annealed": Protocol(DeepKMeans, K | {"annealed": True}, scale_by_data={"usps": CENTRED}),
    "desom": Protocol(DESOM),
    "depict": Protocol(
        DEPICT,
        K | {"pretrain_epochs": 200, "max_epochs": 100},
        by_data={"usps": SMALL, "mnist-test": SMALL, "mnist": LARGE, "fashion-mnist": LARGE},
        scale=CENTRED,
        text="capped at 200 + 100 epochs (70 000 images: 40 + 20)",
    ),
}
"""Protocols by the name in files and tables."""

PUBLISHED: dict[tuple[str, str], dict[str, float]] = {
    ("dcec", "usps"): {"acc": 0.790, "nmi": 0.826},
    ("dcec", "mnist"): {"acc": 0.890, "nmi": 0.885},
    ("idec", "usps"): {"acc": 0.761},
    ("idec", "mnist"): {"acc": 0.881},
    ("depict", "usps"): {"acc": 0.964, "nmi": 0.927},
    ("depict", "mnist"): {"acc": 0.965, "nmi": 0.917},
    ("depict", "mnist-test"): {"acc": 0.962, "nmi": 0.906},
    ("dkm", "usps"): {"acc": 0.757},
    ("dkm", "mnist"): {"acc": 0.840},
    ("dkm_annealed", "usps"): {"acc": 0.755},
    ("dkm_annealed", "mnist"): {"acc": 0.823},
    ("desom", "usps"): {"purity": 0.903, "nmi": 0.603},
    ("desom", "mnist"): {"purity": 0.94},
    ("mlp_kmeans", "usps"): {"acc": 0.709},
    ("mlp_kmeans", "mnist"): {"acc": 0.879},
    ("mlp_kmeans", "fashion-mnist"): {"acc": 0.606},
}
"""Measures in the papers or from the authors' code, of one run or the mean of several."""
