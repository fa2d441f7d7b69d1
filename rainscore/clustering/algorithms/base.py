"""What all deep clusterers share: data in, network and heads trained by phases, model files."""

import copy
import logging
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from torch import Tensor, nn

from rainscore.clustering.algorithms.assignments import squared_distances
from rainscore.clustering.algorithms.encoders import network_card, rebuilt
from rainscore.clustering.algorithms.phases import Phase, Run
from rainscore.training.modelfiles import load_model, save_model

logger = logging.getLogger(__name__)


NOT_THE_RUN = {"network", "device", "progress"}
"""Settings that a checkpoint does not depend on; the network's weights count by themselves."""


AT_ONCE = 1024
"""Members that are encoded at once when nothing is learnt."""


@dataclass(eq=False, repr=False, kw_only=True)
class DeepClusterer(ClusterMixin, TransformerMixin, BaseEstimator):
    """Network and clusters, learnt together; the methods of the papers derive from it.

    Args:
        network: Auto-encoder to start from, an `nn.Module` with `encode` and `decode`, without
            random layers; it is copied, not changed. None for the paper's own, started from the
            seed.
        batch: Members of a step.
        seed: Of the weights, the order, the noise and the starts.
        device: `auto` (the GPU where there is one), `cpu`, `cuda`, …
        progress: Whether to show a bar.

    Attributes:
        network_: The trained network.
        heads_: The other trained parameters by name.
        labels_: Dims (n,), cluster of each fitted member.
        start_labels_: Dims (n,), the clusters before the joint training; None where it has no such
            start.
        sizes_: Dims (k,), members of each cluster.
        empty_: Clusters that hold no member; a warning names them.
        revived_: How often an empty cluster was set on a far member during the training.
        history_: One row a check: phase, step, loss and what the method adds.
        card_: What the JSON file of a loaded model holds.
    """

    network: Any = None
    batch: int = 256
    seed: int = 0
    device: str = "auto"
    progress: bool = True

    def _default_network(self, shape: tuple[int, ...]) -> nn.Module:
        raise NotImplementedError

    def _heads(self, latent: int) -> dict[str, Tensor]:
        """First values of the parameters beside the network's."""
        raise NotImplementedError

    def _phases(self, run: Run) -> list[Phase]:
        raise NotImplementedError

    def _conclude(self, run: Run) -> np.ndarray:
        """Cluster (n,) of each fitted member, once the phases are done."""
        return self.predict(run.data.numpy())

    def _dissimilarity(self, z: Tensor) -> Tensor:
        """Dissimilarity (B, k) of latent vectors (B, L) to each cluster."""
        return squared_distances(z, self.heads_["centres"]).sqrt()

    def fit(
        self,
        X: np.ndarray,
        y: None = None,
        *,
        checkpoint: Path | None = None,
        checkpoint_seconds: float = 60.0,
        fingerprint: str = "",
    ) -> Self:
        """Learn network and clusters; no label takes part.

        On one processor a run that was stopped and goes on from its checkpoint ends with the same
        bits as one that was not. The checkpoint stays at the end: remove it once the model is
        saved.

        Args:
            X: Dims (n, channels, rows, columns) or (n, d), finite, of values about one.
            y: Ignored.
            checkpoint: Side file to go on from, and to write.
            checkpoint_seconds: Time between two writings.
            fingerprint: Names the code; a checkpoint of another is ignored, as are those of other
                settings or data.

        Raises:
            ValueError: A value is missing, or there are fewer members than clusters.
            FloatingPointError: The loss is no longer finite.
        """
        data = self._checked(X)
        self._build(tuple(data.shape[1:]))
        run = Run(
            model=nn.ModuleList([self.network_, self.heads_]),
            data=data,
            place=self._place(),
            batch=self.batch,
            seed=self.seed,
            identity=self._identity(data, fingerprint),
            checkpoint=checkpoint,
            checkpoint_seconds=checkpoint_seconds,
            progress=self.progress,
        )
        run.memory["revived"] = 0
        run.go(self._phases(run))
        self.history_ = run.history
        self.revived_ = run.memory["revived"]
        start = run.memory.get("start_labels")
        self.start_labels_ = None if start is None else start.numpy()
        self.labels_ = self._conclude(run)
        self._report_empty()
        return self

    def encode(self, X: np.ndarray) -> np.ndarray:
        """Latent vectors, dims (n, L)."""
        return self._through(torch.as_tensor(X), self.network_.encode).numpy()

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Members, dims (n, …), from latent vectors (n, L)."""
        return self._through(torch.as_tensor(z), self.network_.decode).numpy()

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Dissimilarity of each member to each cluster, dims (n, k); `predict` takes the least."""
        return self._through(
            torch.as_tensor(X), lambda x: self._dissimilarity(self.network_.encode(x))
        ).numpy()

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Cluster of each member, dims (n,)."""
        return self.transform(X).argmin(axis=1)

    def novelty(self, X: np.ndarray) -> np.ndarray:
        """How far each member is from all clusters, dims (n,): the least dissimilarity."""
        return self.transform(X).min(axis=1)

    def sort_by_size(self) -> None:
        """Number the clusters anew, so that 0 is the largest."""
        order = np.argsort(-self._sizes(), kind="stable")
        rank = np.argsort(order)
        for head in self.heads_.values():
            head.data = head.data[torch.from_numpy(order).to(head.device)]
        self.labels_ = rank[self.labels_]
        self.sizes_ = self._sizes()
        self.empty_ = np.flatnonzero(self.sizes_ == 0)
        if self.start_labels_ is not None:
            self.start_labels_ = rank[self.start_labels_]

    def save(self, path_stem: Path | str, **card: Any) -> None:
        """Write `path_stem`.safetensors and `path_stem`.json.

        Args:
            path_stem: Path without ending.
            card: Further plain values for the JSON file.
        """
        weights = {f"network.{name}": x for name, x in self.network_.state_dict().items()}
        weights |= {f"heads.{name}": x for name, x in self.heads_.state_dict().items()}
        settings = {key: x for key, x in self.get_params(deep=False).items() if key != "network"}
        own = {
            "kind": "deep clusters",
            "method": type(self).__name__,
            "settings": settings,
            "network": network_card(self.network_),
            "sizes": self.sizes_.tolist(),
            "revived": self.revived_,
        }
        save_model(path_stem, weights, {**card, **own})

    @classmethod
    def load(cls, path_stem: Path | str, network: nn.Module | None = None) -> Self:
        """A fitted clusterer from the files that `save` wrote.

        Args:
            path_stem: Path without ending.
            network: One built alike, needed only where it is not one of the project's.

        Raises:
            RainscoreError: A file is missing or damaged.
            ValueError: The file is of another method or network.
        """
        weights, card = load_model(path_stem)
        if card.get("method") != cls.__name__:
            raise ValueError(f"{path_stem}: holds {card.get('method')}, not {cls.__name__}")
        clusterer = cls(**card["settings"])
        parts: dict[str, dict[str, Tensor]] = {"network": {}, "heads": {}}
        for name, tensor in weights.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = tensor
        built: Any = rebuilt(card["network"]) if network is None else copy.deepcopy(network)
        clusterer.network_ = clusterer._placed(built)
        clusterer.network_.load_state_dict(parts["network"])
        clusterer.heads_ = nn.ParameterDict(parts["heads"])
        clusterer.heads_.to(clusterer._place())
        clusterer.sizes_ = np.array(card["sizes"])
        clusterer.revived_ = card["revived"]
        clusterer.card_ = card
        return clusterer

    def _checked(self, X: np.ndarray) -> Tensor:
        data = np.ascontiguousarray(X, dtype=np.float32)
        if data.ndim not in (2, 4):
            raise ValueError(f"X has dims {data.shape}, not (n, d) or (n, channels, rows, columns)")
        if not np.isfinite(data).all():
            raise ValueError("X has missing values: leave out such members, or fill them before")
        return torch.from_numpy(data)

    def _build(self, shape: tuple[int, ...]) -> None:
        """Network and heads, started from the seed without touching the global generator."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            network: Any = self._default_network(shape) if self.network is None else self.network
            self.network_ = self._placed(copy.deepcopy(network))
            z = self._through(torch.zeros(1, *shape), self.network_.encode)
            heads = self._heads(z.shape[1])
        self.heads_ = nn.ParameterDict({name: nn.Parameter(x) for name, x in heads.items()})
        self.heads_.to(self._place())

    def _placed(self, network: Any) -> Any:
        """On the device, channels last: what convolutions are fastest with."""
        return network.to(self._place()).to(memory_format=torch.channels_last)

    def _place(self) -> torch.device:
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return torch.device(self.device)

    def _identity(self, data: Tensor, fingerprint: str) -> str:
        """Code, settings, start and data in one digest."""
        settings = {k: x for k, x in self.get_params(deep=False).items() if k not in NOT_THE_RUN}
        digest = sha256(
            repr((fingerprint, type(self).__name__, settings, tuple(data.shape))).encode()
        )
        digest.update(data.numpy().data)
        for tensor in self.network_.state_dict().values():
            digest.update(tensor.detach().cpu().numpy().tobytes())
        return digest.hexdigest()

    def _through(self, data: Tensor, call: Callable[[Tensor], Tensor]) -> Tensor:
        """What a call gives for all members, `AT_ONCE` at a time."""
        self.network_.eval()
        with torch.no_grad():
            parts = [call(x.float().to(self._place())).cpu() for x in data.split(AT_ONCE)]
        return torch.cat(parts)

    def _sizes(self) -> np.ndarray:
        # Every head has one row a cluster.
        return np.bincount(self.labels_, minlength=len(next(iter(self.heads_.values()))))

    def _report_empty(self) -> None:
        self.sizes_ = self._sizes()
        self.empty_ = np.flatnonzero(self.sizes_ == 0)
        if len(self.empty_):
            logger.warning("%s: clusters %s are empty", type(self).__name__, self.empty_.tolist())
