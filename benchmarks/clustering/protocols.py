"""How each method is run on each image set, and what its authors published."""

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
    """One method as its paper runs it.

    Attributes:
        method: Class of the clusterer.
        module: Where its code lies; a change there runs it again.
        settings: Of the class, beside seed and network.
        by_data: Further settings of one image set.
        start: Method whose trained network it starts from; empty for none.
        scale: (factor, shift) of images in [0, 1] to the method's input.
        scale_by_data: The same, for one image set.
        text: What the table says.
    """

    method: type[DeepClusterer]
    module: str
    settings: dict[str, Any] = field(default_factory=dict)
    by_data: dict[str, dict[str, Any]] = field(default_factory=dict)
    start: str = ""
    scale: tuple[float, float] = (1.0, 0.0)
    scale_by_data: dict[str, tuple[float, float]] = field(default_factory=dict)
    text: str = "full"

    def build(self, data: str, seed: int, network: Any) -> DeepClusterer:
        """The clusterer, untrained."""
        settings = {**self.settings, **self.by_data.get(data, {})}
        if self.start:
            settings["pretrain_epochs"] = 0
        return self.method(seed=seed, network=network, **settings)

    def scaled(self, images: Any, data: str) -> Any:
        """Images as the method takes them."""
        factor, shift = self.scale_by_data.get(data, self.scale)
        return images * factor + shift


K = {"k": 10}
PATHS = K | {"linkage": "path integral"}
DIGITS = {"usps": (2.0, 0.0), "mnist": (5.1, 0.0), "mnist-test": (5.1, 0.0)}
CENTRED = (2.0, -1.0)

PROTOCOLS = {
    "pixels_kmeans": Protocol(LatentKMeans, "classical", K | {"pretrain_epochs": 0}),
    "pixels_map": Protocol(LatentMap, "classical", {"pretrain_epochs": 0}),
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
"""By the name that files and tables use."""

UNTRAINED = {
    "pixels_kmeans": lambda shape: Identity(),
    "pixels_map": lambda shape: Identity(),
    "conv_kmeans": lambda shape: ConvNet(ConvSettings(shape)),
}
"""Networks other than the default of the class."""

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
"""ACC and NMI as the papers or their authors' code give them; one or the mean of several runs."""
