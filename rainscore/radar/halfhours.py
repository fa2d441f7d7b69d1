"""Means of radar frames over a half-hour or an hour."""

from collections.abc import Iterable, Sequence

import numpy as np

TOLERANCE = 1e-6
"""Tolerance of the share of valid minutes, so that rounding excludes no pixel at the limit."""


def half_hour_mean(
    frames: Iterable[np.ndarray],
    *,
    minutes: Sequence[float],
    min_frame_share: float,
    period_minutes: float = 30,
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the valid frames of a period at each pixel, weighted by their lengths.

    Args:
        frames: One or more frames, each (ny, nx) [mm/h], NaN where missing: an array (t, ny, nx),
            or an iterator, which keeps one frame in memory at a time.
        minutes: Length of each frame's interval inside the period [min], greater than 0.
        min_frame_share: Share of the period in which a pixel must be valid, 0 to 1.
        period_minutes: Length of the period [min].

    Returns:
        Mean rate, (ny, nx), float32 [mm/h], NaN where too few minutes are valid; valid minutes
        divided by `period_minutes`, (ny, nx), float32, 0 to 1.

    Raises:
        ValueError: `frames` is empty.

    >>> frames = np.array([[[1.0]], [[3.0]], [[np.nan]]])
    >>> half_hour_mean(frames, minutes=(10, 10, 10), min_frame_share=0.6)
    (array([[2.]], dtype=float32), array([[0.6666667]], dtype=float32))
    >>> half_hour_mean(frames[:2], minutes=(10, 20), min_frame_share=0.6)
    (array([[2.3333333]], dtype=float32), array([[1.]], dtype=float32))
    """
    total: np.ndarray | None = None
    # Relative to the longest frame: frames of one length are added as they are.
    weights = np.asarray(minutes, float) / max(minutes, default=1)
    for frame, weight in zip(frames, weights, strict=True):
        if total is None:
            total, count = np.zeros((2, *frame.shape), np.float32)
        valid = ~np.isnan(frame)
        np.add(total, frame * np.float32(weight), out=total, where=valid)
        np.add(count, np.float32(weight), out=count, where=valid)
    if total is None:
        raise ValueError("no frame to average")
    share = count * np.float32(max(minutes) / period_minutes)
    enough = (count > 0) & (share >= min_frame_share - TOLERANCE)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan, np.float32), where=enough)
    return mean, np.minimum(share, 1)
