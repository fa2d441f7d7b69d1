"""Codes of windows by encoders that have not learnt the score, and by the levels of the U-Net."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F

from rainscore.clustering.algorithms.base import ENCODE_BATCH, DeepClusterer, Members
from rainscore.clustering.algorithms.methods import METHODS, Plan
from rainscore.clustering.algorithms.windownet import WindowNet, WindowNetSettings
from rainscore.clustering.codebook import fit_centres, nearest_centre
from rainscore.clustering.windowsamples import WindowSample
from rainscore.errors import DamagedFile
from rainscore.training.checkpoint import Checkpoint
from rainscore.training.dataset import Batch
from rainscore.training.earlystopping import train
from rainscore.training.inference import forward
from rainscore.training.modelfiles import load_model, restore, save_model
from rainscore.training.settings import TrainingSettings
from rainscore.training.unetfitting import MIN_SPREAD

BATCH = 128
"""Windows per step."""

LEARNING_RATE = 2e-3
"""Peak learning rate of the auto-encoder."""

VALIDATION_THINNING = 8
"""One of so many validation windows is used to follow the training of the auto-encoder."""

ENCODERS = ("pixel", "decoder", "bottleneck", "rain", "channels")
"""Representations of a window: classes of the rain at its centre; the features of the U-Net's last
decoder level and of its lowest level there; and the latent vectors of the auto-encoders of the rain
and of all channels, which have not learnt the score."""

KIND = "window encoder"
"""Entry `kind` of the card."""


@dataclass(frozen=True)
class WindowEncoder:
    """Auto-encoder of windows with the standardisation of its channels.

    Attributes:
        network: The auto-encoder.
        channels: Names of the channels that it reads and rebuilds.
        rows: Their positions in the channels of a window.
        mean, spread: Offset and divisor of each of them on the training windows.
    """

    network: WindowNet
    channels: tuple[str, ...]
    rows: tuple[int, ...]
    mean: np.ndarray
    spread: np.ndarray

    def members(self, sample: WindowSample) -> np.ndarray:
        """Standardised windows, dims (n, channel, y, x), float32."""
        chosen = sample.inputs[:, list(self.rows)].astype(np.float32)
        return (chosen - self.mean[:, None, None]) / self.spread[:, None, None]

    def encode(self, sample: WindowSample) -> np.ndarray:
        """Latent vectors of the windows, dims (n, latent)."""
        return np.concatenate([z for _, z in self._run(self.members(sample), decoded=False)])

    def error(self, members: np.ndarray) -> float:
        """Mean squared error of the reconstruction of standardised windows."""
        total = sum(float(((y - x) ** 2).sum()) for x, y in self._run(members, decoded=True))
        return total / members.size

    def save(self, stem: Path, **card: Any) -> None:
        """Write the model file.

        Args:
            stem: Path without extension.
            **card: Further entries of the card.
        """
        weights = {
            **self.network.state_dict(),
            "mean": torch.from_numpy(self.mean),
            "spread": torch.from_numpy(self.spread),
        }
        entries = {
            "kind": KIND,
            "settings": asdict(self.network.settings),
            "channels": list(self.channels),
            "rows": list(self.rows),
        }
        save_model(stem, weights, {**card, **entries})

    @classmethod
    def load(cls, stem: Path) -> Self:
        """Read a model file.

        Raises:
            RainscoreError: A file is missing.
            DamagedFile: The file holds no auto-encoder of windows.
        """
        weights, card = load_model(stem)
        try:
            mean, spread = (weights.pop(name).numpy() for name in ("mean", "spread"))
            settings = WindowNetSettings(**card["settings"])
            channels, rows = tuple(card["channels"]), tuple(map(int, card["rows"]))
            if card["kind"] != KIND or not len(channels) == len(rows) == len(mean) == len(spread):
                raise ValueError("the lengths of its entries do not fit together")
        except (TypeError, ValueError, KeyError) as error:
            reason = f"it holds no auto-encoder of windows of this version ({error})"
            raise DamagedFile(f"{stem}.json", reason, "train it again") from error
        network = restore(lambda: WindowNet(settings), weights, f"{stem}.json")
        return cls(network, channels, rows, mean, spread)

    def _run(
        self, members: np.ndarray, *, decoded: bool
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Members with their latent vectors, or with their reconstructions, in parts."""
        call = self.network.rebuilt if decoded else self.network.encode
        for part in np.array_split(members, max(len(members) // ENCODE_BATCH, 1)):
            yield part, forward(self.network, part, call=lambda x: (call(x),))[0]


class WindowData(Members):
    """Data set of windows, with their days as times."""

    def __init__(self, members: np.ndarray, days: np.ndarray) -> None:
        super().__init__(torch.from_numpy(members))
        self.times = days


def reconstruction_error(network: WindowNet, batch: Batch) -> Tensor:
    """Mean squared error of the reconstruction of windows."""
    (windows,) = batch  # (B, C, 13, 13)
    return F.mse_loss(network.rebuilt(windows), windows)


def fit_window_encoder(
    samples: Mapping[str, WindowSample],
    channels: Sequence[str],
    *,
    only: Sequence[str] = (),
    steps: int,
    seed: int,
    checkpoint: Checkpoint,
) -> WindowEncoder:
    """Train an auto-encoder of windows; no score is used.

    Args:
        samples: Samples of the splits train and validation.
        channels: Names of the channels of the windows.
        only: Channels to read and to rebuild; empty: all.
        steps: Number of steps of BATCH windows, rounded up to whole epochs.
        seed: Random seed for initialisation and shuffling.
        checkpoint: Side file from which an interrupted training resumes.
    """
    names = tuple(only or channels)
    rows = tuple(list(channels).index(name) for name in names)
    values = samples["train"].inputs[:, list(rows)]
    mean = values.mean(axis=(0, 2, 3), dtype=np.float64).astype(np.float32)
    spread = values.std(axis=(0, 2, 3), dtype=np.float64).astype(np.float32)
    spread = np.where(spread > 0, spread.clip(min=MIN_SPREAD), 1).astype(np.float32)
    torch.manual_seed(seed)
    network = WindowNet(WindowNetSettings(len(names)))
    encoder = WindowEncoder(network, names, rows, mean, spread)
    data = {
        name: WindowData(encoder.members(samples[name])[::thinning], samples[name].days[::thinning])
        for name, thinning in (("train", 1), ("validation", VALIDATION_THINNING))
    }
    epochs = ceil(steps * BATCH / len(data["train"]))
    settings = TrainingSettings(
        epochs=epochs, batch=BATCH, learning_rate=LEARNING_RATE, patience=epochs, seed=seed
    )
    train(
        network,
        reconstruction_error,
        data["train"],
        data["validation"],
        settings,
        checkpoint=checkpoint,
    )
    network.set_scale(torch.from_numpy(encoder.encode(samples["train"])))
    return encoder


def cluster_latents(
    encoder: WindowEncoder,
    method: str,
    k: int,
    samples: Mapping[str, WindowSample],
    *,
    steps: int,
    seed: int,
    checkpoint: Checkpoint | None = None,
) -> dict[str, np.ndarray]:
    """Cluster the training windows with an auto-encoder, and assign all others.

    Args:
        encoder: The auto-encoder; a joint method trains a copy of it.
        method: Name in `methods.METHODS`.
        k: Number of clusters.
        samples: Samples by name; `train` is fitted.
        steps: Minimum number of steps that a joint method may take (rounded up to whole epochs);
            its own stopping rule may end it earlier.
        seed: Random seed.
        checkpoint: Side file from which an interrupted training resumes.

    Returns:
        Cluster of each window by sample, dims (n,).
    """
    if method == "kmeans":
        return cluster_vectors({n: encoder.encode(s) for n, s in samples.items()}, k, seed=seed)
    members = encoder.members(samples["train"])
    epoch = ceil(len(members) / BATCH)
    plan = Plan(
        k=k,
        epochs=ceil(steps / epoch),
        steps=epoch,
        error=encoder.error(members),
        pixels=members[0].size,
    )
    chosen = METHODS[method]
    settings = chosen.settings(plan)
    if "pretrain_epochs" in settings:
        settings["pretrain_epochs"] = 0
    clusterer: DeepClusterer = chosen.kind(
        network=encoder.network, batch=BATCH, seed=seed, progress=False, **settings
    )
    clusterer.fit(members, checkpoint=checkpoint)
    return {name: clusterer.predict(encoder.members(s)) for name, s in samples.items()}


def cluster_vectors(
    vectors: Mapping[str, np.ndarray], k: int, *, seed: int
) -> dict[str, np.ndarray]:
    """Cluster the vectors of the training windows by k-means, and assign all others.

    Args:
        vectors: Vectors by sample, dims (n, feature); those of `train` are fitted.
        k: Number of clusters.
        seed: Random seed.

    Returns:
        Cluster of each window by sample, dims (n,).
    """
    centres, _ = fit_centres(vectors["train"], k, seed=seed)
    return {name: nearest_centre(part, centres) for name, part in vectors.items()}


def standardised(vectors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Vectors with mean 0 and variance 1 in each component on the training windows."""
    mean = vectors["train"].mean(axis=0)
    scale = np.maximum(vectors["train"].std(axis=0), 1e-6)
    return {name: (part - mean) / scale for name, part in vectors.items()}


def rain_classes(samples: Mapping[str, WindowSample], k: int) -> dict[str, np.ndarray]:
    """Classes of equal size on the training windows by the rain at the centre; at most k."""
    edges = np.unique(np.quantile(samples["train"].rain, np.arange(1, k) / k))
    return {name: np.searchsorted(edges, s.rain, "right") for name, s in samples.items()}


def encoder_codes(
    windows: str,
    method: str,
    k: int,
    samples: Mapping[str, WindowSample],
    *,
    scale: np.ndarray,
    encoder: WindowEncoder | None,
    steps: int,
    seed: int,
    checkpoint: Checkpoint | None = None,
) -> dict[str, np.ndarray]:
    """Cluster the training windows as one of ENCODERS represents them, and assign all others.

    Args:
        windows: Name in ENCODERS.
        method: Name in `methods.METHODS`; the auto-encoders alone have others than `kmeans`.
        k: Number of codes.
        samples: Samples by name; `train` is fitted.
        scale: Factor of each feature of the decoder (`codebook.feature_scale`).
        encoder: The auto-encoder; None for the levels of the U-Net and the rain classes.
        steps, seed, checkpoint: See `cluster_latents`.

    Returns:
        Code of each window by sample, dims (n,).
    """
    if windows == "pixel":
        return rain_classes(samples, k)
    if windows == "decoder":
        return cluster_vectors({n: s.decoder * scale for n, s in samples.items()}, k, seed=seed)
    if windows == "bottleneck":
        vectors = standardised({n: s.bottleneck for n, s in samples.items()})
        return cluster_vectors(vectors, k, seed=seed)
    if encoder is None:
        raise ValueError(f"the windows {windows!r} need their auto-encoder")
    return cluster_latents(
        encoder, method, k, samples, steps=steps, seed=seed, checkpoint=checkpoint
    )


def codes_table(codes: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Codes of the windows of all samples as a table: sample, code; in their order."""
    parts = [
        pd.DataFrame({"sample": name, "code": values.astype(np.uint8)})
        for name, values in codes.items()
    ]
    return pd.concat(parts, ignore_index=True)


def read_codes_table(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Inverse of `codes_table`."""
    return {str(name): part["code"].to_numpy(np.int64) for name, part in table.groupby("sample")}
