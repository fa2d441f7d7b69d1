"""Maps with all that any method may learn from or predict with, a few at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from rainscore.training.dataset import ScoreMaps, batches
from rainscore.training.features import read_features
from rainscore.training.pixelclasses import pixel_classes

MAPS = 16


EXTRA = ("quality", "random_error")


@dataclass(frozen=True)
class Block:
    """A few maps.

    Attributes:
        times: Half-hour starts, dims (map,).
        inputs: Channels of `dataset.input_channels`, dims (map, channel, y, x).
        target: The score, dims (map, y, x), NaN where undefined.
        wet: Whether IMERG has rain in the window, dims (map, y, x).
        truth: Whether the window has valid radar, dims (map, y, x).
        quality, random_error: Of IMERG [1], [mm/h], dims (map, y, x), NaN missing.
    """

    times: np.ndarray
    inputs: np.ndarray
    target: np.ndarray
    wet: np.ndarray
    truth: np.ndarray
    quality: np.ndarray
    random_error: np.ndarray

    @cached_property
    def judged(self) -> np.ndarray:
        """Windows where IMERG has rain and the score is defined, dims (map, y, x)."""
        return self.wet & np.isfinite(self.target)

    @cached_property
    def found(self) -> np.ndarray:
        """Scores of the judged windows, dims (n,)."""
        return self.target[self.judged].astype(np.float64)

    @cached_property
    def map_of(self) -> np.ndarray:
        """Map of each judged window, dims (n,)."""
        return np.nonzero(self.judged)[0]

    @cached_property
    def classes(self) -> dict[str, np.ndarray]:
        """Classes of the judged windows (`classes.pixel_classes`), each (n,)."""
        found = pixel_classes(self.inputs, self.quality)
        return {name: values[self.judged] for name, values in found.items()}


def read_blocks(paths: Sequence[Path], times: np.ndarray, hidden: Sequence[str]) -> Iterator[Block]:
    """Blocks of `MAPS` maps in order of time, the last one shorter.

    Args:
        paths: Training files.
        times: Half-hours wanted; those that no file holds are left out.
        hidden: Channels that are not shown, as to the U-Net.
    """
    data = ScoreMaps(paths, times, hidden=hidden)
    maps = batches(data.read, np.arange(len(data)), batch=MAPS)
    extra = _joined(read_features(paths, times, list(EXTRA), maps=MAPS))
    for i, (arrays, more) in enumerate(zip(maps, extra, strict=True)):
        inputs, target, wet, truth = (array.numpy() for array in arrays)
        at = data.times[i * MAPS : (i + 1) * MAPS]
        yield Block(at, inputs, target, wet, truth, **more)


def _joined(blocks: Iterator[tuple[np.ndarray, dict]]) -> Iterator[dict[str, np.ndarray]]:
    """Blocks of `MAPS` maps, joined across months."""
    parts: dict[str, np.ndarray] = {}
    for _, block in blocks:
        block = {name: values.astype(np.float32) for name, values in block.items()}
        parts = {k: np.concatenate([parts[k], v]) if parts else v for k, v in block.items()}
        while len(parts[EXTRA[0]]) >= MAPS:
            yield {k: v[:MAPS] for k, v in parts.items()}
            parts = {k: v[MAPS:] for k, v in parts.items()}
    if parts and len(parts[EXTRA[0]]):
        yield parts
