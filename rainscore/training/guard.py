"""Where a model may speak: windows that are unlike those of its training.

A window is described by means over a square around it: of the texture of the rain, of the source,
age and phase of the estimate, and of the agreement of rain and microwave rain. Its score is
withheld where these are farther from the training windows (Mahalanobis distance) than almost all
windows of the calibration days.

Two things are not described. Which inputs are available is the state of the map, for which the
network is trained and calibrated. How strong the rain is and how fast it changes differs between
climates (docs/prediction.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from scipy.ndimage import maximum_filter, uniform_filter, uniform_filter1d

from rainscore.errors import DamagedFile
from rainscore.imerg.passes import SOURCES
from rainscore.times import times_of
from rainscore.training.cards import UNetCard
from rainscore.training.channels import CHANNELS, scale_rain
from rainscore.training.dataset import ScoreMaps
from rainscore.training.inputstates import STATES, Removal, input_states, removal_variants
from rainscore.training.modelfiles import load_arrays, save_arrays
from rainscore.training.timecontext import input_channels

FLAGS = ("not_withheld", "unlike_training")
"""Meanings of the flags 0 and 1."""

CHANNEL_NAMES = input_channels(CHANNELS)
"""Names of the channels of `descriptors`."""

AVERAGED = (*SOURCES, "age_last", "age_next", "ir_influence", "liquid")
"""Channels whose means are descriptors."""

SIDE = 15
"""Side of the square whose means describe a window [pixels]."""

FALSE_ALARMS = 0.02
"""Share of the windows of the calibration days that are withheld."""

SHRINKAGE = 0.05
"""Weight of the identity in the correlation of the descriptors (Ledoit and Wolf 2004)."""

SMALL = 0.01
"""Added to scaled rain in ratios."""

MAPS = (96, 48)
"""Largest number of training and of calibration maps with all inputs; a third of them for each of
the other states."""

WINDOWS = 300
"""Largest number of windows that are drawn from a map."""


@dataclass(frozen=True)
class Guard:
    """Description of the training windows, for each state of the inputs (`inputstates.STATES`).

    Attributes:
        mean, scale: Mean and standard deviation of each descriptor, dims (state, descriptor).
        inverse: Inverse of the correlation of the descriptors, dims (state, descriptor,
            descriptor).
        limit: Largest squared distance that is not withheld, dims (state,); NaN for a state that
            maps cannot have.
    """

    mean: np.ndarray
    scale: np.ndarray
    inverse: np.ndarray
    limit: np.ndarray

    def distance(self, rows: np.ndarray, state: int) -> np.ndarray:
        """Squared distance of windows to the training, dims (n,), from descriptors (n, ...)."""
        z = (rows - self.mean[state]) / self.scale[state]
        return np.einsum("ni,ni->n", z @ self.inverse[state], z)

    def flags(self, inputs: np.ndarray, wet: np.ndarray) -> np.ndarray:
        """Flag of each window: position in `FLAGS`, 0 where `wet` is False.

        Args:
            inputs: Channels, dims (map, channel, y, x).
            wet: Windows that have a score, dims (map, y, x).

        Returns:
            Dims (map, y, x), int8.
        """
        flags = np.zeros(wet.shape, np.int8)
        for i, state in enumerate(input_states(inputs).tolist()):
            rows = descriptors(inputs[i])[:, wet[i]].T
            flags[i][wet[i]] = self.distance(rows, state) > self.limit[state]
        return flags

    def save(self, stem: Path, card: UNetCard) -> None:
        """Write `{stem}_guard.safetensors` and its card."""
        entries = {"kind": "guard", "unet_sha256": card.weights_sha256, "states": list(STATES)}
        save_arrays(f"{stem}_guard", self.__dict__, entries)

    @classmethod
    def load(cls, stem: Path, card: UNetCard) -> Self | None:
        """Read the guard of a U-Net; None if it has none.

        Raises:
            DamagedFile: It is damaged, or belongs to another network.
        """
        path = Path(f"{stem}_guard.json")
        if not path.is_file():
            return None
        arrays, entries = load_arrays(f"{stem}_guard")
        if entries.get("unet_sha256") != card.weights_sha256:
            raise DamagedFile(path, "it is of another network", "fit the guard again (fit_guard)")
        try:
            return cls(**arrays)
        except TypeError as error:
            raise DamagedFile(path, f"it is no guard ({error})", "fit it again") from error


def descriptors(inputs: np.ndarray) -> np.ndarray:
    """Descriptors of each window of a map, dims (descriptor, y, x).

    Args:
        inputs: Channels of one map, dims (channel, y, x).
    """
    channel = dict(zip(CHANNEL_NAMES, inputs, strict=True))
    rain, microwave = channel["rain"], channel["mw_rain"]
    observed = np.any([channel[name] > 0 for name in SOURCES], axis=0)
    steps = {(axis, n): _step(rain, axis, n) for axis in (0, 1) for n in (1, 4)}
    fields = [rain >= scale_rain(np.array(0.1))]
    fields += [(rain > 0) & (steps[axis, 1] < 1e-4) for axis in (0, 1)]
    fields += [(rain > 0) & (rain < scale_rain(np.array(0.05)))]
    means = [_mean(field) for field in (*fields, *(channel[name] for name in AVERAGED))]
    amount = _mean(rain) + SMALL
    size = {key: _mean(step) + SMALL for key, step in steps.items()}
    both = (_mean(rain * observed) + SMALL) / (_mean(microwave * observed) + SMALL)
    ratios = [size[0, 1] / amount, size[1, 1] / amount, size[0, 1] / size[1, 1]]
    ratios += [size[0, 4] / size[0, 1], size[1, 4] / size[1, 1], both]
    ratios.append(amount / (means[0] / 10 + SMALL))
    lines = [_missing_line(rain, axis) for axis in (0, 1)]
    return np.stack([*means, *np.log(ratios), *lines]).astype(np.float32)


def _mean(field: np.ndarray) -> np.ndarray:
    return uniform_filter(field.astype(np.float32), SIDE, mode="nearest")


def _step(field: np.ndarray, axis: int, n: int) -> np.ndarray:
    """Absolute difference to the pixel n further along an axis; 0 at the end."""
    change = np.zeros_like(field)
    inside = np.moveaxis(change, axis, 0)
    moved = np.moveaxis(field, axis, 0)
    inside[:-n] = np.abs(moved[n:] - moved[:-n])
    return change


def _missing_line(rain: np.ndarray, axis: int) -> np.ndarray:
    """Largest logarithm nearby of the rain on both sides of a line, relative to the line."""
    segment = np.moveaxis(uniform_filter1d(rain, SIDE, axis=1 - axis, mode="nearest"), axis, 0)
    ratio = np.zeros_like(segment)
    near = np.minimum(segment[:-2], segment[2:])
    ratio[1:-1] = np.log((near + SMALL) / (segment[1:-1] + SMALL))
    return maximum_filter(np.moveaxis(ratio, 0, axis), SIDE, mode="nearest")


def fit_guard(card: UNetCard, paths: Sequence[Path], splits: pd.DataFrame, *, seed: int) -> Guard:
    """Describe the windows of the training days; the limits come from the calibration days.

    Args:
        card: Card of the network.
        paths: Training files.
        splits: Table of `splits.split_blocks`.
        seed: Random seed of the drawn windows.

    Raises:
        ValueError: The days have no window with rain.
    """
    rng = np.random.default_rng([seed, 5])
    parts: list[dict[str, np.ndarray] | None] = [None] * len(STATES)
    for i, (state, variants) in enumerate(removal_variants(card.hidden).items()):
        rows = []
        for split, most in zip(("train", "calibration"), MAPS, strict=True):
            times = times_of(splits, split)
            # At random: with a fixed step, all could have the same satellites.
            count = min(most // 3 if i else most, len(times))
            chosen = np.sort(rng.choice(times, count, replace=False))
            drawn = [
                _draw(_reduced(paths, chosen[j :: len(variants)], removal), rng)
                for j, removal in enumerate(variants[:count])
            ]
            rows.append(np.concatenate(drawn))
        parts[state] = _describe(*rows)
    blank = {k: np.full_like(v, np.nan) for k, v in next(p for p in parts if p).items()}
    filled = [part or blank for part in parts]
    return Guard(**{name: np.stack([part[name] for part in filled]) for name in blank})


def _reduced(paths: Sequence[Path], times: np.ndarray, removal: Removal) -> ScoreMaps:
    """Maps without some of their inputs."""
    return ScoreMaps(paths, times, hidden=removal.hidden, removed_sides=removal.sides)


def _draw(data: ScoreMaps, rng: np.random.Generator) -> np.ndarray:
    """Descriptors of windows with rain in IMERG, dims (n, descriptor)."""
    rows = []
    for row in range(len(data)):
        inputs, _, wet, _ = data.read(np.array([row]))
        pixels = np.flatnonzero(wet[0].numpy())
        chosen = rng.permutation(pixels)[:WINDOWS]
        described = descriptors(inputs[0].numpy())
        rows.append(described.reshape(len(described), -1)[:, chosen].T)
    return np.concatenate(rows)


def _describe(training: np.ndarray, calibration: np.ndarray) -> dict[str, np.ndarray]:
    """Entries of `Guard` of one state, from descriptors (n, descriptor)."""
    if not len(training) or not len(calibration):
        raise ValueError("no window with rain to describe: give the splits more days")
    mean, scale = training.mean(axis=0), np.maximum(training.std(axis=0), 1e-2)
    z = (training - mean) / scale
    correlation = (1 - SHRINKAGE) * (z.T @ z) / len(z) + SHRINKAGE * np.eye(len(mean))
    entries = {"mean": mean, "scale": scale, "inverse": np.linalg.inv(correlation)}
    one = Guard(**{name: values[None] for name, values in entries.items()}, limit=np.zeros(1))
    limit = np.quantile(one.distance(calibration, 0), 1 - FALSE_ALARMS)
    return {**entries, "limit": np.asarray(limit)}
