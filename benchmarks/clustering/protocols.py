"""Settings of each method on each image set, and the published results."""

from dataclasses import dataclass, field
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
from rainscore.clustering.algorithms.encoders import ConvNet, ConvSettings, Identity


@dataclass(frozen=True)
class Protocol:
    """Protocol of one method, as in its paper.

    Attributes:
        method: Class of the clusterer.
        module: Module of the class; an edit there reruns the method.
        settings: Settings of the class, without seed and network.
        by_data: Further settings by image set.
        start: Method whose trained network is the start; empty for none.
        scale: (factor, shift) that converts images in [0, 1] to the input of the method.
        scale_by_data: The same by image set.
        pixels: Whether the images are flattened to vectors of pixels.
        text: Description of the protocol in the table.
    """

    method: type[DeepClusterer]
    module: str
    settings: dict[str, Any] = field(default_factory=dict)
    by_data: dict[str, dict[str, Any]] = field(default_factory=dict)
    start: str = ""
    scale: tuple[float, float] = (1.0, 0.0)
    scale_by_data: dict[str, tuple[float, float]] = field(default_factory=dict)
    pixels: bool = False
    text: str = "full"

    def build(self, data: str, seed: int, network: Any) -> DeepClusterer:
        """The clusterer before training."""
        settings = {**self.settings, **self.by_data.get(data, {})}
        if self.start:
            settings["pretrain_epochs"] = 0
        return self.method(seed=seed, network=network, **settings)

    def scaled(self, images: Any, data: str) -> Any:
        """Images converted to the input range of the method."""
        factor, shift = self.scale_by_data.get(data, self.scale)
        return images * factor + shift


K = {"k": 10}
PATHS = K | {"linkage": "path integral"}
DIGITS = {"usps": (2.0, 0.0), "mnist": (5.1, 0.0), "mnist-test": (5.1, 0.0)}
CENTRED = (2.0, -1.0)

PROTOCOLS = {
    "pixels_kmeans": Protocol(LatentKMeans, "classical", K | {"pretrain_epochs": 0}, pixels=True),
    "pixels_map": Protocol(LatentMap, "classical", {"pretrain_epochs": 0}, pixels=True),
    "conv_kmeans": Protocol(LatentKMeans, "classical", K),
    "mlp_kmeans": Protocol(LatentKMeans, "classical", K, scale_by_data=DIGITS),
    "mlp_mixture": Protocol(
        LatentMixture, "classical", K, start="mlp_kmeans", scale_by_data=DIGITS
    ),
    "mlp_agglomerative": Protocol(
        LatentAgglomerative, "classical", K, start="mlp_kmeans", scale_by_data=DIGITS
    ),
    "mlp_paths": Protocol(
        LatentAgglomerative, "classical", PATHS, start="mlp_kmeans", scale_by_data=DIGITS
    ),
    "conv_paths": Protocol(LatentAgglomerative, "classical", PATHS, start="conv_kmeans"),
    "mlp_map": Protocol(LatentMap, "classical", start="mlp_kmeans", scale_by_data=DIGITS),
    "dcec": Protocol(DCEC, "dcec", K, start="conv_kmeans"),
    "idec": Protocol(
        IDEC,
        "dcec",
        K,
        by_data={"usps": {"update": 30, "optimizer": "sgd"}},
        start="mlp_kmeans",
        scale_by_data=DIGITS,
        text="full, auto-encoder trained as a whole",
    ),
    "dkm": Protocol(DeepKMeans, "dkm", K, scale_by_data={"usps": CENTRED}),
    "dkm_annealed": Protocol(
        DeepKMeans, "dkm", K | {"annealed": True}, scale_by_data={"usps": CENTRED}
    ),
    "desom": Protocol(DESOM, "desom"),
    "depict": Protocol(
        DEPICT,
        "depict",
        K | {"pretrain_epochs": 200, "max_epochs": 100},
        by_data={data: {"start": "path integral"} for data in ("usps", "mnist-test")},
        scale=CENTRED,
        text="capped at 200 + 100 epochs",
    ),
}
"""Protocols by the name in files and tables."""

UNTRAINED = {
    "pixels_kmeans": lambda shape: Identity(),
    "pixels_map": lambda shape: Identity(),
    "conv_kmeans": lambda shape: ConvNet(ConvSettings(shape)),
}
"""Initial networks that differ from the default of the class, by method."""

PUBLISHED: dict[tuple[str, str], tuple[float, float | None]] = {
    ("dcec", "usps"): (0.790, 0.826),
    ("dcec", "mnist"): (0.890, 0.885),
    ("idec", "usps"): (0.761, None),
    ("idec", "mnist"): (0.881, None),
    ("depict", "usps"): (0.964, 0.927),
    ("depict", "mnist"): (0.965, 0.917),
    ("dkm", "usps"): (0.757, None),
    ("dkm", "mnist"): (0.840, None),
    ("dkm_annealed", "usps"): (0.755, None),
    ("dkm_annealed", "mnist"): (0.823, None),
    ("mlp_kmeans", "usps"): (0.709, None),
    ("mlp_kmeans", "mnist"): (0.879, None),
    ("mlp_kmeans", "fashion-mnist"): (0.606, None),
}
"""ACC and NMI in the papers or from the authors' code, of one run or the mean of several."""
