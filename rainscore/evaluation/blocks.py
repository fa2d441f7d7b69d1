"""Blocks of maps with everything that a method may learn from or predict with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rainscore.training.channels import CHANNELS, known_quality
from rainscore.training.dataset import ScoreMaps, batches
from rainscore.training.features import read_features
from rainscore.training.pixelclasses import pixel_classes
from rainscore.training.timecontext import input_channels

CHANNEL_NAMES = input_channels(CHANNELS)
"""Names of the channels of `Block.inputs`."""

MAPS = 16
"""Maps per block."""

EVERY = 2
"""Every n-th row and column of the windows with rain is evaluated.

Neighbouring windows overlap almost wholly: with all of them the skill differs by less than 0.0005.
"""

ERROR_FIELDS = ("random_error",)
"""Fields of the training files that the networks do not use, but the baselines do."""


@dataclass(frozen=True)
class Block:
    """A few maps on the learning grid.

    Attributes:
        times: Starts of the half-hours, dims (map,).
        inputs: Scaled channels `CHANNEL_NAMES`, dims (map, channel, y, x).
        target: True score of the window, dims (map, y, x), NaN where undefined.
        wet: Whether IMERG has rain in the window, dims (map, y, x).
        radar_valid: Whether IMERG and radar are valid in the window, dims (map, y, x).
        random_error: IMERG's random error [mm/h], dims (map, y, x), NaN where missing.
    """

    times: np.ndarray
    inputs: np.ndarray
    target: np.ndarray
    wet: np.ndarray
    radar_valid: np.ndarray
    random_error: np.ndarray

    @cached_property
    def evaluated(self) -> np.ndarray:
        """Windows where IMERG has rain and the score is defined, dims (map, y, x)."""
        return self.wet & np.isfinite(self.target)

    @cached_property
    def scores(self) -> np.ndarray:
        """True scores of the evaluated windows, dims (n,)."""
        return self.target[self.evaluated].astype(np.float64)

    @cached_property
    def map_index(self) -> np.ndarray:
        """Position in the block of the map of each evaluated window, dims (n,)."""
        return np.nonzero(self.evaluated)[0]

    @cached_property
    def days(self) -> np.ndarray:
        """Day of each evaluated window, dims (n,), datetime64[D]."""
        return self.times.astype("datetime64[D]")[self.map_index]

    @cached_property
    def quality(self) -> np.ndarray:
        """IMERG's quality index [1], dims (map, y, x), NaN where missing."""
        return known_quality(self.inputs)

    @cached_property
    def classes(self) -> dict[str, np.ndarray]:
        """Classes of the evaluated windows by name (`pixelclasses.pixel_classes`), dims (n,)."""
        classes = pixel_classes(self.inputs)
        return {name: values[self.evaluated] for name, values in classes.items()}


def with_target(block: Block, target: np.ndarray) -> Block:
    """The same maps with another target, dims (map, y, x), which selects the windows."""
    return replace(block, target=target)


def thinned(block: Block, every: int = EVERY) -> Block:
    """The same maps with the targets of every n-th row and column alone."""
    target = np.full(block.target.shape, np.nan, np.float32)
    target[:, ::every, ::every] = block.target[:, ::every, ::every]
    return with_target(block, target)


def read_blocks(
    paths: Sequence[Path], times: np.ndarray, hidden: Sequence[str], **options: Any
) -> Iterator[Block]:
    """Blocks of `MAPS` maps in order of time, the last one shorter.

    Args:
        paths: Training files.
        times: Starts of the half-hours to read; those that no file holds are left out.
        hidden: Channels that are hidden from the networks, and from the baselines as well.
        options: Further keyword arguments of `ScoreMaps`, such as what is removed from the inputs.
    """
    data = ScoreMaps(paths, times, hidden=hidden, **options)
    maps = batches(data.read, np.arange(len(data)), batch=MAPS)
    fields = _rebatched(read_features(paths, times, list(ERROR_FIELDS), maps=MAPS))
    for i, (arrays, errors) in enumerate(zip(maps, fields, strict=True)):
        inputs, target, wet, radar_valid = (array.numpy() for array in arrays)
        starts = data.times[i * MAPS : (i + 1) * MAPS]
        yield Block(starts, inputs, target, wet, radar_valid, **errors)


def _rebatched(blocks: Iterator[tuple[np.ndarray, dict]]) -> Iterator[dict[str, np.ndarray]]:
    """Arrays of `MAPS` maps, joined across months; the last one shorter."""
    joined: dict[str, np.ndarray] = {}
    for _, block in blocks:
        part = {name: values.astype(np.float32) for name, values in block.items()}
        joined = {k: np.concatenate([joined[k], v]) if joined else v for k, v in part.items()}
        while len(joined[ERROR_FIELDS[0]]) >= MAPS:
            yield {name: values[:MAPS] for name, values in joined.items()}
            joined = {name: values[MAPS:] for name, values in joined.items()}
    if joined and len(joined[ERROR_FIELDS[0]]):
        yield joined
