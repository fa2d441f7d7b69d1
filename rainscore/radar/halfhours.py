"""Half-hour means of radar frames."""

from collections.abc import Iterable
from math import ceil

import numpy as np


def half_hour_mean(
    frames: Iterable[np.ndarray], *, expected_frames: int, min_frame_share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the valid frames of a half-hour at each pixel.

    Args:
        frames: One or more frames, each (ny, nx) [mm/h], NaN where missing: an array (t, ny, nx),
            or an iterator, which keeps one frame in memory at a time.
        expected_frames: Number of frames in a complete half-hour.
        min_frame_share: Share of `expected_frames` that must be valid at a pixel; the number of
            frames is rounded up and is at least 1.

    Returns:
        Mean rate, (ny, nx), float32 [mm/h], NaN where too few frames are valid; number of valid
        frames divided by `expected_frames`, (ny, nx), float32.

    Raises:
        ValueError: `frames` is empty.

    >>> frames = np.array([[[1.0]], [[3.0]], [[np.nan]]])
    >>> half_hour_mean(frames, expected_frames=3, min_frame_share=0.6)
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
        raise ValueError("no frame to average")
    needed = max(1, ceil(min_frame_share * expected_frames - 1e-9))
    mean = np.divide(
        total, count, out=np.full(total.shape, np.nan, np.float32), where=count >= needed
    )
    return mean, count / np.float32(expected_frames)
