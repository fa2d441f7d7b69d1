"""Codes that are learnt for the score: a code book inside the U-Net, trained with it.

Each pixel is assigned to the nearest of k centres of the features of the last decoder level, and
predicted by the distribution of that centre alone. Network, centres and distributions are trained
end to end on the loss of the score; the gradient of the choice of a centre is that of a soft
assignment (straight-through, Bengio, Léonard and Courville 2013, arXiv:1308.3432; as in the
vector-quantised auto-encoder of van den Oord et al. 2017, arXiv:1711.00937, without its decoder).
"""

import copy
from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from rainscore.clustering.algorithms.assignments import squared_distances
from rainscore.clustering.algorithms.base import ENCODE_BATCH
from rainscore.clustering.codebook import feature_scale, fit_centres
from rainscore.clustering.mapsets import thinned
from rainscore.clustering.windowsamples import WindowSample, draw_windows
from rainscore.scores.distribution import masses_of, mean
from rainscore.training.checkpoint import Checkpoint
from rainscore.training.dataset import Batch, ScoreMaps
from rainscore.training.earlystopping import train
from rainscore.training.losses import LEAST_MASS, crps_loss, logarithmic_loss
from rainscore.training.settings import TrainingSettings
from rainscore.training.trained import TrainedUNet
from rainscore.training.unet import UNet

BATCH = 4
"""Maps per step, as for the U-Net."""

LEARNING_RATE = 5e-4
"""Peak learning rate, a quarter of that of the U-Net's own training."""

VALIDATION_MAPS = 60
"""Number of validation maps that decide which epoch is kept."""

WINDOWS = 4000
"""Maximum number of windows of a batch that are used; those next to each other are alike."""

LOGARITHMIC_WEIGHT = 0.05
"""Weight of the logarithmic score, as in the loss of the U-Net."""


class CodedUNet(nn.Module):
    """U-Net that predicts each pixel by the distribution of its code.

    Args:
        unet: The U-Net; it is copied.
        centres: Centres of the codes in the scaled features, dims (code, feature).
        masses: Distribution of the scores of each code, dims (code, mass).
    """

    scale: Tensor
    width: Tensor

    def __init__(self, unet: UNet, centres: np.ndarray, masses: np.ndarray) -> None:
        super().__init__()
        self.unet = copy.deepcopy(unet)
        self.register_buffer("scale", torch.from_numpy(feature_scale(unet)))
        self.centres = nn.Parameter(torch.from_numpy(centres.astype(np.float32)))
        logits = np.log(np.maximum(masses, LEAST_MASS)).astype(np.float32)
        self.logits = nn.Parameter(torch.from_numpy(logits))
        # Soft assignments are wide where the centres are far from each other.
        gaps = squared_distances(self.centres.detach(), self.centres.detach())
        nearest = (gaps + torch.diag(torch.full((len(gaps),), torch.inf))).amin(dim=1)
        self.register_buffer("width", nearest.mean())

    def assign(self, features: Tensor) -> Tensor:
        """Code of each vector of features (n, feature)."""
        return squared_distances(features * self.scale, self.centres).argmin(dim=1)

    def predict(self, features: Tensor) -> Tensor:
        """Distribution (n, mass) of the code of each vector of features (n, feature)."""
        distances = squared_distances(features * self.scale, self.centres)
        soft = torch.softmax(-distances / self.width, dim=1)
        hard = torch.zeros_like(soft).scatter(1, distances.argmin(dim=1, keepdim=True), 1.0)
        return (hard + soft - soft.detach()) @ torch.softmax(self.logits, dim=1)


def coded_loss(model: CodedUNet, batch: Batch) -> Tensor:
    """Loss of the score where IMERG has rain, as in `losses.unet_loss`, of predictions by codes."""
    inputs, target, wet, _ = batch  # (B, C, H, W), then (B, H, W)
    chosen = torch.nonzero((wet & ~torch.isnan(target)).flatten())[:, 0]
    chosen = chosen[:: max(ceil(len(chosen) / WINDOWS), 1)]
    features = model.unet.features(inputs).movedim(1, -1).flatten(0, -2)[chosen]  # (n, feature)
    masses = model.predict(features.float())
    observed = target.flatten()[chosen]
    loss = crps_loss(masses, observed) + LOGARITHMIC_WEIGHT * logarithmic_loss(masses, observed)
    return loss.sum() / max(len(chosen), 1)


def start_codes(unet: UNet, sample: WindowSample, k: int, *, seed: int) -> CodedUNet:
    """Code book by k-means of the features of training windows; code 0 has the lowest mean score.

    Args:
        unet: The U-Net.
        sample: Training windows with its features.
        k: Number of codes.
        seed: Random seed of k-means.
    """
    centres, labels = fit_centres(sample.decoder * feature_scale(unet), k, seed=seed)
    pooled = masses_of(sample.scores)
    # One window of all scores keeps every mass above zero.
    counts = np.bincount(labels, minlength=k)[:, None]
    shares = [
        masses_of(sample.scores[labels == code]) if counts[code] else pooled for code in range(k)
    ]
    masses = (counts * np.array(shares) + pooled) / (counts + 1)
    order = np.argsort(mean(masses), kind="stable")
    return CodedUNet(unet, centres[order], masses[order])


def tune_codes(
    model: CodedUNet,
    paths: Sequence[Path],
    times: dict[str, np.ndarray],
    *,
    hidden: Sequence[str],
    steps: int,
    seed: int,
    checkpoint: Checkpoint,
) -> CodedUNet:
    """Train a U-Net with its code book in place.

    Args:
        model: Result of `start_codes`.
        paths: Training files.
        times: Half-hours of the splits train and validation.
        hidden: Channels to mask.
        steps: Number of steps of BATCH maps, rounded up to whole epochs.
        seed: Random seed for the order of the maps.
        checkpoint: Side file from which an interrupted training resumes.

    Returns:
        The model, with the weights of the epoch with the lowest loss on the validation days.
    """
    training = ScoreMaps(paths, times["train"], hidden=hidden)
    validation = ScoreMaps(paths, thinned(times["validation"], VALIDATION_MAPS), hidden=hidden)
    epochs = ceil(steps * BATCH / len(training))
    settings = TrainingSettings(
        epochs=epochs, batch=BATCH, learning_rate=LEARNING_RATE, patience=epochs, seed=seed
    )
    train(model, coded_loss, training, validation, settings, checkpoint=checkpoint)
    return model


def assign_windows(
    model: CodedUNet, unet: TrainedUNet, paths: Sequence[Path], times: np.ndarray, *, seed: int
) -> np.ndarray:
    """Code of each window of a sample (`windowsamples.draw_windows` of the same arguments).

    Args:
        model: The trained codes.
        unet: The U-Net with which the sample was drawn.
        paths, times, seed: Arguments of the draw.

    Returns:
        Dims (n,), int64.
    """
    sample = draw_windows(replace(unet, model=model.unet), paths, times, seed=seed)
    codes = [model.assign(part) for part in torch.from_numpy(sample.decoder).split(ENCODE_BATCH)]
    return torch.cat(codes).numpy()
