"""Samples of the U-Net's features in windows with rain and a score."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from rainscore.training.cards import UNetCard
from rainscore.training.channels import CHANNELS
from rainscore.training.dataset import ScoreMaps
from rainscore.training.inference import predict
from rainscore.training.unet import UNet

MAX_MAPS = 360
"""Maximum number of maps of a sample, evenly spaced: consecutive half-hours are alike."""

WINDOWS_PER_MAP = 200
"""Maximum number of windows of a map; those next to each other are alike."""


class ScoredWindows(Protocol):
    """Windows with their scores and days."""

    @property
    def scores(self) -> np.ndarray:
        """Local scores, dims (n,), float64."""

    @property
    def days(self) -> np.ndarray:
        """Days of the windows, dims (n,), datetime64[D]."""


@dataclass(frozen=True)
class Sample:
    """Windows of one split where IMERG has rain and the score is defined.

    Attributes:
        features: Features of the U-Net, dims (n, feature), float32.
        scores: Local scores, dims (n,), float64.
        rain: Scaled rain at the pixel, dims (n,), float32.
        days: Days of the windows, dims (n,), datetime64[D].
    """

    features: np.ndarray
    scores: np.ndarray
    rain: np.ndarray
    days: np.ndarray


def sample_windows(
    model: UNet, card: UNetCard, paths: Sequence[Path], times: np.ndarray, *, seed: int
) -> Sample:
    """Draw windows of the training files at random and compute their features.

    Args:
        model: The U-Net.
        card: Its card.
        paths: Training files.
        times: Half-hours to draw from, in order of time.
        seed: Random seed of the draws.

    Raises:
        ValueError: No window has rain and a score.
    """
    rng = np.random.default_rng(seed)
    thinned = times[:: max(-(-len(times) // MAX_MAPS), 1)]
    data = ScoreMaps(paths, thinned, hidden=card.hidden)
    parts = []
    start = 0
    for (inputs, target, wet, _), (maps,) in predict(model, data, call=model.features):
        usable = wet & np.isfinite(target)
        for i, day in enumerate(data.times[start : start + len(maps)].astype("datetime64[D]")):
            chosen = np.flatnonzero(usable[i])
            chosen = rng.choice(chosen, min(len(chosen), WINDOWS_PER_MAP), replace=False)
            columns = (
                maps[i].reshape(len(maps[i]), -1)[:, chosen].T,
                target[i].ravel()[chosen].astype(np.float64),
                inputs[i, CHANNELS.index("rain")].ravel()[chosen],
                np.full(len(chosen), day),
            )
            parts.append(columns)
        start += len(maps)
    sample = Sample(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    if not len(sample.scores):
        raise ValueError(
            "no window of the period has rain in IMERG and a score: use a longer period"
        )
    return sample
