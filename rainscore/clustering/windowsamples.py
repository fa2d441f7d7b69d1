"""Windows of about 100 km: their channels, the vectors of the U-Net at their centre, their score.

They are the members that `windowcodes` clusters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from torch import Tensor

from rainscore.clustering.mapsets import thinned
from rainscore.errors import DamagedFile
from rainscore.training.dataset import ScoreMaps
from rainscore.training.inference import predict
from rainscore.training.modelfiles import load_arrays, save_arrays
from rainscore.training.trained import TrainedUNet

SIDE = 13
"""Side of a window [pixels of the learning grid]: 104 km with pixels of 8 km."""

MAX_MAPS = 300
"""Maximum number of maps of a sample, evenly spaced: consecutive half-hours are alike."""

WINDOWS_PER_MAP = 100
"""Maximum number of windows of a map; those next to each other are alike."""


@dataclass(frozen=True)
class WindowSample:
    """Windows inside the maps of one split or case, with rain and a score at their centre.

    Attributes:
        inputs: Channels of `timecontext.input_channels`, dims (n, channel, SIDE, SIDE), float16.
        decoder: Features of the last decoder level of the U-Net at the centre, dims (n, feature).
        bottleneck: Features of its lowest level there, dims (n, feature).
        predicted: Its calibrated distribution of the score (`scores.distribution`), dims (n, mass).
        scores: Local scores, dims (n,), float64.
        days: Days of the windows, dims (n,), datetime64[D].
    """

    inputs: np.ndarray
    decoder: np.ndarray
    bottleneck: np.ndarray
    predicted: np.ndarray
    scores: np.ndarray
    days: np.ndarray

    @property
    def rain(self) -> np.ndarray:
        """Scaled rain at the centre, dims (n,), float32."""
        return self.inputs[:, 0, SIDE // 2, SIDE // 2].astype(np.float32)

    def save(self, stem: Path, **card: Any) -> None:
        """Write the sample.

        Args:
            stem: Path without extension.
            **card: Entries of the card.
        """
        arrays = {f.name: getattr(self, f.name) for f in fields(self)}
        save_arrays(stem, {**arrays, "days": self.days.astype(np.int64)}, card)

    @classmethod
    def load(cls, stem: Path) -> Self:
        """Read a sample.

        Raises:
            RainscoreError: A file is missing.
            DamagedFile: The file holds no sample of windows.
        """
        arrays, _ = load_arrays(stem)
        try:
            days = arrays.pop("days").astype("datetime64[D]")
            sample = cls(**arrays, days=days)
            count = len(days)
            whole = all(len(getattr(sample, f.name)) == count for f in fields(sample))
            if not whole or sample.inputs.shape[2:] != (SIDE, SIDE):
                raise ValueError("the shapes of its arrays do not fit together")
        except (TypeError, ValueError, KeyError, IndexError) as error:
            reason = f"it holds no sample of windows of this version ({error})"
            raise DamagedFile(
                f"{stem}.safetensors", reason, "draw the windows again (sample_windows)"
            ) from error
        return sample


def draw_windows(
    unet: TrainedUNet, paths: Sequence[Path], times: np.ndarray, *, seed: int
) -> WindowSample:
    """Draw windows at random from the maps of some half-hours.

    Args:
        unet: The U-Net.
        paths: Training files.
        times: Half-hours to draw from, in order of time.
        seed: Random seed of the draws.

    Raises:
        ValueError: No window inside the maps has rain and a score.
    """
    rng = np.random.default_rng(seed)
    data = ScoreMaps(paths, thinned(times, MAX_MAPS), hidden=unet.card.hidden)
    parts, start = [], 0
    for (inputs, target, wet, _), outputs in predict(unet.model, data, call=_levels(unet)):
        days = data.times[start : start + len(inputs)].astype("datetime64[D]")
        start += len(inputs)
        chosen = _drawn(wet & np.isfinite(target), rng)
        if chosen.any():
            parts.append(_columns(unet, inputs, target, outputs, chosen, days))
    if not parts:
        raise ValueError("no window inside the maps has rain and a score: use a longer period")
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return WindowSample(**columns)


def _levels(unet: TrainedUNet) -> Any:
    def call(inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        masses, _, decoder = unet.model.with_features(inputs)
        return masses, decoder, unet.model.bottleneck(inputs)

    return call


def _drawn(usable: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """At most WINDOWS_PER_MAP of the usable windows of each map, dims (map, y, x)."""
    half = SIDE // 2
    inside = np.zeros_like(usable)
    inside[:, half:-half, half:-half] = usable[:, half:-half, half:-half]
    chosen = np.zeros_like(usable)
    for of_map, candidates in zip(chosen, inside, strict=True):
        places = np.flatnonzero(candidates)
        count = min(len(places), WINDOWS_PER_MAP)
        of_map.ravel()[rng.choice(places, count, replace=False)] = True
    return chosen


def _columns(
    unet: TrainedUNet,
    inputs: np.ndarray,
    target: np.ndarray,
    outputs: tuple[np.ndarray, ...],
    chosen: np.ndarray,
    days: np.ndarray,
) -> Mapping[str, np.ndarray]:
    masses, decoder, bottleneck = outputs
    maps, rows, columns = np.nonzero(chosen)
    half = SIDE // 2
    around = np.lib.stride_tricks.sliding_window_view(inputs, (SIDE, SIDE), axis=(2, 3))
    return {
        "inputs": around[maps, :, rows - half, columns - half].astype(np.float16),
        "decoder": decoder[maps, :, rows, columns],
        "bottleneck": bottleneck[maps, :, rows, columns],
        "predicted": unet.calibration.local(masses, inputs, chosen).astype(np.float32),
        "scores": target[chosen].astype(np.float64),
        "days": days[maps],
    }
