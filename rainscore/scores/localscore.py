"""Local scores: the error of each window divided by the largest error possible there.

A local score is 1 − numerator / denominator. Both parts add over windows and maps, so the score of
a map, a month or a cluster is computed from their sums.
"""

from typing import NamedTuple

import numpy as np

from rainscore.scores.fss import window_fractions
from rainscore.scores.sums import additive, ratio
from rainscore.scores.windowsums import window_sums

LOCAL_SCORES = {
    "amount": "agreement of rain amounts",
    "csi": "critical success index",
    "fss": "fractions skill score",
}
"""Long name of each local score, by its name in the configuration (`scores.name`)."""


class WindowErrors(NamedTuple):
    """Parts of the local score of each window, dims (time, window row, window column).

    Attributes:
        numerator: Error, float64; NaN where too few pixels are valid.
        denominator: Largest possible error, float64; 0 where both products are dry, NaN where too
            few pixels are valid.
        imerg_fraction, radar_fraction: Share of the valid pixels that are wet, float32; NaN where
            too few pixels are valid.
        valid_fraction: Share of valid pixels in the part of the window inside the map, float32.
    """

    numerator: np.ndarray
    denominator: np.ndarray
    imerg_fraction: np.ndarray
    radar_fraction: np.ndarray
    valid_fraction: np.ndarray


class ScoreSums(NamedTuple):
    """Sums over the windows of each map; they add over maps.

    Attributes:
        score_numerator, score_denominator: Sums of the two parts of the score.
        windows: Number of windows with enough valid pixels.
        defined: Number of these windows where either product is wet.
    """

    score_numerator: np.ndarray
    score_denominator: np.ndarray
    windows: np.ndarray
    defined: np.ndarray


def window_errors(
    name: str,
    imerg: np.ndarray,
    radar: np.ndarray,
    *,
    threshold: float,
    window: int,
    stride: int,
    min_valid: float,
) -> WindowErrors:
    """Numerator and denominator of a local score in every window.

    With f and o the rates of IMERG and of the radar, where rates below the threshold are set to 0:

    - `amount`: mean |f − o| and mean (f + o) [mm/h]; similarity of Bray and Curtis (1957),
      doi:10.2307/1942268;
    - `csi`: misses + false alarms, and hits + misses + false alarms, as shares of the valid pixels;
    - `fss`: (p − q)² and p² + q², with p and q the wet fractions of IMERG and of the radar;
      Roberts and Lean (2008), doi:10.1175/2007MWR2123.1.

    Args:
        name: Name of the local score, a key of `LOCAL_SCORES`.
        imerg, radar: Rates [mm/h], dims (time, y, x), NaN where missing.
        threshold: Wet threshold [mm/h]; a rate equal to it is wet.
        window: Side of the square windows [pixels].
        stride: Side of the blocks on which the windows are centred [pixels].
        min_valid: Minimum share (0 to 1) of valid pixels in the part of the window inside the map.

    Raises:
        ValueError: There is no local score of that name.
    """
    if name not in LOCAL_SCORES:
        raise ValueError(f"unknown local score {name!r}; choose one of {', '.join(LOCAL_SCORES)}")
    size = {"window": window, "stride": stride}
    f, o, valid = window_fractions(imerg, radar, threshold=threshold, min_valid=min_valid, **size)
    if name == "fss":
        a, b = f.astype(np.float64), o.astype(np.float64)
        return WindowErrors((a - b) ** 2, a**2 + b**2, f, o, valid)
    both = np.isfinite(imerg) & np.isfinite(radar)
    a, b = (np.where(both & (rate >= np.float32(threshold)), rate, 0) for rate in (imerg, radar))
    error: np.ndarray
    max_error: np.ndarray
    if name == "amount":
        error, max_error = np.abs(a - b).astype(np.float64), (a + b).astype(np.float64)
    else:
        error, max_error = (a > 0) != (b > 0), (a > 0) | (b > 0)
    enough, wet = np.isfinite(f), (f > 0) | (o > 0)
    count = np.where(enough, window_sums(both, **size), 0)

    def mean(values: np.ndarray) -> np.ndarray:
        # The running totals of `window_sums` leave rounding errors where no pixel is wet.
        return np.where(wet | ~enough, ratio(window_sums(values, **size), count), 0.0)

    return WindowErrors(mean(error), mean(max_error), f, o, valid)


def local_score(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Score of each window, 0 to 1, float32; NaN where both products are dry or missing.

    >>> local_score(np.array([0.0, 1.0, 0.0]), np.array([2.0, 4.0, 0.0]))
    array([1.  , 0.75,  nan], dtype=float32)
    """
    return np.clip(1 - ratio(numerator, denominator), 0, 1).astype(np.float32)


def score_sums(numerator: np.ndarray, denominator: np.ndarray) -> ScoreSums:
    """Sum the parts of the score over the windows of each map.

    Args:
        numerator, denominator: Parts of the score of each window (`WindowErrors`), dims (time,
            window row, window column).

    Returns:
        Sums, dims (time,).
    """
    axes = (-2, -1)
    return ScoreSums(
        additive(np.nansum(numerator, axis=axes)),
        additive(np.nansum(denominator, axis=axes)),
        np.sum(np.isfinite(denominator), axis=axes),
        np.sum(denominator > 0, axis=axes),
    )


def total_score(sums: ScoreSums) -> np.ndarray:
    """Score of maps or of totals of maps; NaN where no window is defined."""
    return 1 - ratio(sums.score_numerator, sums.score_denominator)
