"""Common part of the deep clusterers: data, network and heads, training, model files."""

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
from rainscore.training.batches import Batches, Order
from rainscore.training.checkpoint import Checkpoint
from rainscore.training.dataset import Batch
from rainscore.training.devices import device_of, to_device
from rainscore.training.loop import Phase, Training
from rainscore.training.modelfiles import load_model, restore, save_model

logger = logging.getLogger(__name__)


NOT_IDENTITY = {"network", "device", "progress"}
"""Settings on which a checkpoint does not depend; the weights of the network are added to its
identity separately."""


ENCODE_BATCH = 1024
"""Members per batch where nothing is trained."""


class Members:
    """Data set of members in memory.

    Args:
        values: Members, dims (n, …).
    """

    def __init__(self, values: Tensor) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def read(self, rows: np.ndarray, epoch: int = 0) -> Batch:
        """Return the members of the given rows."""
        return (self.values[torch.from_numpy(rows)],)


@dataclass(eq=False, repr=False, kw_only=True)
class DeepClusterer(ClusterMixin, TransformerMixin, BaseEstimator):
    """Base class of clusterers with an auto-encoder, as scikit-learn estimators.

    Args:
        network: Initial auto-encoder, an `nn.Module` with `encode` and `decode` and without random
            layers; it is copied, not changed. None: the network of the paper, initialised from
            the seed.
        batch: Members per step.
        seed: Random seed for initialisation, shuffling and noise.
        device: Name of the device; `auto` is the GPU if there is one.
        progress: Whether to show a progress bar.

    Attributes:
        network_: Trained network.
        heads_: Other trained parameters, by name; each has one row per cluster.
        labels_: Cluster of each fitted member, dims (n,).
        start_labels_: Clusters before the joint training, dims (n,); None if the method has none.
        sizes_: Number of members of each cluster, dims (k,).
        empty_: Numbers of the clusters without members; a warning lists them.
        revived_: Number of times that an empty cluster was moved to a member.
        history_: One row per check of the training: phase, step, loss and values of the method.
        card_: Content of the JSON file of a loaded model.
    """

    network: Any = None
    batch: int = 256
    seed: int = 0
    device: str = "auto"
    progress: bool = True

    def _default_network(self, shape: tuple[int, ...]) -> nn.Module:
        """Network of the paper, for members of a shape."""
        raise NotImplementedError

    def _heads(self, latent: int) -> dict[str, Tensor]:
        """Initial values of the parameters that are not of the network."""
        raise NotImplementedError

    def _phases(self, training: Training, data: Tensor) -> list[Phase]:
        """Phases of the training on members (n, …)."""
        raise NotImplementedError

    def _conclude(self, training: Training, data: Tensor) -> np.ndarray:
        """Cluster (n,) of each fitted member (n, …), after the last phase."""
        return self.predict(data.numpy())

    def _dissimilarity(self, z: Tensor) -> Tensor:
        """Dissimilarity (B, k) of latent vectors (B, L) to each cluster."""
        return squared_distances(z, self.heads_["centres"]).sqrt()

    def fit(
        self,
        X: np.ndarray,
        y: None = None,
        *,
        checkpoint: Checkpoint | None = None,
        checkpoint_seconds: float = 60.0,
    ) -> Self:
        """Train network and clusters, without labels.

        Interruption and resumption: see `loop.Training`. The checkpoint is kept at the end: remove
        it once the model is saved.

        Args:
            X: Members, dims (n, channels, rows, columns) or (n, d), finite, of order one.
            y: Ignored.
            checkpoint: Side file from which an interrupted training resumes.
            checkpoint_seconds: Minimum time between two writings of the checkpoint.

        Raises:
            ValueError: A value is missing, or there are fewer members than clusters.
            FloatingPointError: The loss is not finite.
            SystemExit: The process was asked to stop.
        """
        data = self._checked(X)
        self._build(tuple(data.shape[1:]))
        training = Training(
            model=nn.ModuleList([self.network_, self.heads_]),
            device=device_of(self.device),
            seed=self.seed,
            identity=self._identity(data),
            checkpoint=checkpoint,
            checkpoint_seconds=checkpoint_seconds,
            progress=self.progress,
        )
        training.memory["revived"] = 0
        training.run(self._phases(training, data))
        self.history_ = training.history
        self.revived_ = training.memory["revived"]
        start = training.memory.get("start_labels")
        self.start_labels_ = None if start is None else start.numpy()
        self.labels_ = self._conclude(training, data)
        self._report_empty()
        return self

    def encode(self, X: np.ndarray) -> np.ndarray:
        """Latent vectors, dims (n, L), of members (n, …)."""
        return self._map_members(torch.as_tensor(X), self.network_.encode).numpy()

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Members, dims (n, …), from latent vectors (n, L)."""
        return self._map_members(torch.as_tensor(z), self.network_.decode).numpy()

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Dissimilarity of each member to each cluster, dims (n, k)."""
        return self._map_members(
            torch.as_tensor(X), lambda x: self._dissimilarity(self.network_.encode(x))
        ).numpy()

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Least dissimilar cluster of each member, dims (n,)."""
        return self.transform(X).argmin(axis=1)

    def novelty(self, X: np.ndarray) -> np.ndarray:
        """Dissimilarity of each member to its cluster, dims (n,)."""
        return self.transform(X).min(axis=1)

    def sort_by_size(self) -> None:
        """Renumber the clusters by decreasing size."""
        order = np.argsort(-self._sizes(), kind="stable")
        rank = np.argsort(order)
        for head in self.heads_.values():
            head.data = head.data[torch.from_numpy(order).to(head.device)]
        self.labels_ = rank[self.labels_]
        self.sizes_ = self._sizes()
        self.empty_ = np.flatnonzero(self.sizes_ == 0)
        if self.start_labels_ is not None:
            self.start_labels_ = rank[self.start_labels_]

    def save(self, path_stem: Path | str, **card: Any) -> str:
        """Write `path_stem`.safetensors and `path_stem`.json.

        Args:
            path_stem: Path without extension.
            **card: Further plain values for the JSON file.

        Returns:
            Digest of the card, which contains that of the weights.
        """
        weights = {f"network.{name}": x for name, x in self.network_.state_dict().items()}
        weights |= {f"heads.{name}": x for name, x in self.heads_.state_dict().items()}
        settings = {key: x for key, x in self.get_params(deep=False).items() if key != "network"}
        entries = {
            "kind": "deep clusters",
            "method": type(self).__name__,
            "settings": settings,
            "network": network_card(self.network_),
            "sizes": self.sizes_.tolist(),
            "revived": self.revived_,
        }
        return save_model(path_stem, weights, {**card, **entries})

    @classmethod
    def load(cls, path_stem: Path | str, network: nn.Module | None = None) -> Self:
        """Load a fitted clusterer from the files of `save`.

        Args:
            path_stem: Path without extension.
            network: Network of the same architecture, needed only if its class is not in
                `encoders.NETWORKS`.

        Raises:
            RainscoreError: A file is missing or damaged.
            ValueError: The file is of another method, or of a network of another project.
        """
        weights, card = load_model(path_stem)
        if card.get("method") != cls.__name__:
            raise ValueError(f"{path_stem}: holds {card.get('method')}, not {cls.__name__}")
        clusterer = cls(**card["settings"])
        parts: dict[str, dict[str, Tensor]] = {"network": {}, "heads": {}}
        for name, tensor in weights.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = tensor
        built: Any = restore(
            lambda: rebuilt(card["network"]) if network is None else copy.deepcopy(network),
            parts["network"],
            f"{path_stem}.json",
        )
        device = device_of(clusterer.device)
        clusterer.network_ = to_device(built, device)
        clusterer.heads_ = nn.ParameterDict(parts["heads"])
        clusterer.heads_.to(device)
        clusterer.sizes_ = np.array(card["sizes"])
        clusterer.revived_ = card["revived"]
        clusterer.card_ = card
        return clusterer

    def _checked(self, X: np.ndarray) -> Tensor:
        data = np.ascontiguousarray(X, dtype=np.float32)
        if data.ndim not in (2, 4):
            raise ValueError(f"X has dims {data.shape}, not (n, d) or (n, channels, rows, columns)")
        if not np.isfinite(data).all():
            raise ValueError("X has missing values: leave out or fill these members first")
        return torch.from_numpy(data)

    def _build(self, shape: tuple[int, ...]) -> None:
        """Initialise network and heads from the seed, without using the global generator."""
        device = device_of(self.device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            network: Any = self._default_network(shape) if self.network is None else self.network
            self.network_ = to_device(copy.deepcopy(network), device)
            z = self._map_members(torch.zeros(1, *shape), self.network_.encode)
            heads = self._heads(z.shape[1])
        self.heads_ = nn.ParameterDict({name: nn.Parameter(x) for name, x in heads.items()})
        self.heads_.to(device)

    def _identity(self, data: Tensor) -> str:
        """Digest of settings, initial weights and data, for the checkpoint."""
        settings = {k: x for k, x in self.get_params(deep=False).items() if k not in NOT_IDENTITY}
        digest = sha256(repr((type(self).__name__, settings, tuple(data.shape))).encode())
        digest.update(data.numpy().data)
        for tensor in self.network_.state_dict().values():
            digest.update(tensor.detach().cpu().numpy().tobytes())
        return digest.hexdigest()

    def _batches(
        self,
        data: Tensor,
        order: Order,
        phase_number: int,
        members: np.ndarray | None = None,
    ) -> Batches:
        """Batches of a phase.

        Args:
            data: Members, dims (n, …).
            order: Order of the rows.
            phase_number: Position of the phase, from 0, for the random seed.
            members: Rows to use; None: all.
        """
        return Batches(Members(data), self.batch, order, (self.seed, phase_number), members)

    def _map_members(self, data: Tensor, call: Callable[[Tensor], Tensor]) -> Tensor:
        """Apply a function to all members (n, …) without gradients, ENCODE_BATCH at a time."""
        device = device_of(self.device)
        self.network_.eval()
        with torch.no_grad():
            parts = [call(x.float().to(device)).cpu() for x in data.split(ENCODE_BATCH)]
        return torch.cat(parts)

    def _sizes(self) -> np.ndarray:
        # Every head has one row per cluster.
        return np.bincount(self.labels_, minlength=len(next(iter(self.heads_.values()))))

    def _report_empty(self) -> None:
        self.sizes_ = self._sizes()
        self.empty_ = np.flatnonzero(self.sizes_ == 0)
        if len(self.empty_):
            logger.warning("%s: clusters %s are empty", type(self).__name__, self.empty_.tolist())
