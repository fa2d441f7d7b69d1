"""Radar frames averaged over IMERG's half-hours."""

from collections.abc import Iterable
from math import ceil

import numpy as np


def half_hour_mean(
    frames: Iterable[np.ndarray], *, expected: int, min_fraction: float
) -> tuple[np.ndarray, np.ndarray]:
    """Average the frames of a half-hour, pixel by pixel, over those that are valid.

    Args:
        frames: One or more frames, each (ny, nx), mm/h, NaN where missing, as an array (t, ny, nx)
            or one after the other, so that only one is in memory.
        expected: Number of frames that a complete half-hour has.
        min_fraction: A pixel needs `min_fraction * expected` valid frames, rounded up.

    Returns:
        Mean, dims (ny, nx), mm/h, float32, NaN where too few frames are valid; share of the
        expected frames that are valid, dims (ny, nx), float32.

    Raises:
        ValueError: There is no frame.

    >>> half_hour_mean(np.array([[[1.0]], [[3.0]], [[np.nan]]]), expected=3, min_fraction=0.6)
    (array([[2.]], dtype=float32), array([[0.6666667]], dtype=float32))
    """
    total: np.ndarray | None = None
    for frame in frames:
        if total is None:
            total = np.zeros(frame.shape, np.float32)
            count = np.zeros(frame.shape, np.int16)
        valid = ~np.isnan(frame)
        np.add(total, frame, out=total, where=valid)
        count += valid
    if total is None:
        raise ValueError("a half-hour without any frame has no mean")
    needed = max(1, ceil(min_fraction * expected - 1e-9))
    mean = np.divide(
        total, count, out=np.full(total.shape, np.nan, np.float32), where=count >= needed
    )
    return mean, count / np.float32(expected)
