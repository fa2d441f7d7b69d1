"""Blocks of maps made by hand."""

import numpy as np

from rainscore.evaluation.blocks import CHANNEL_NAMES, Block


def block_of(target: np.ndarray, inputs: np.ndarray | None = None, start: int = 0) -> Block:
    """Maps (map, y, x) that are wet and valid everywhere."""
    n, *shape = target.shape
    hours = np.arange(start, start + n) * np.timedelta64(30, "m")
    times = np.datetime64("2019-01-01T00:00", "s") + hours
    if inputs is None:
        inputs = np.zeros((n, len(CHANNEL_NAMES), *shape), np.float32)
    everywhere = np.ones(target.shape, bool)
    error = np.full(target.shape, np.nan, np.float32)
    return Block(times, inputs, target, everywhere, everywhere, error)
