"""The local score of the project: an error over the most that it could be, window by window.

Whatever its name, a score is 1 − numerator / denominator. Both add over windows and maps, so the
score of a map, a month or a cluster is that of the sums. A rate below the threshold is dry.
"""

from typing import NamedTuple

import numpy as np

from rainscore.scores.fss import window_fractions
from rainscore.scores.sums import additive, ratio
from rainscore.scores.windows import window_sums

LOCAL_SCORES = {
    "amount": "agreement of rain amounts",
    "csi": "critical success index",
    "fss": "fractions skill score",
}
"""What `scores.name` may be, in words."""


FORMULAS = {
    "amount": "1 − Σ|IMERG − radar| / Σ(IMERG + radar)",
    "csi": "1 − (misses + false alarms) / (hits + misses + false alarms)",
    "fss": "1 − (f − o)² / (f² + o²), f and o the wet shares of IMERG and of the radar",
}


class WindowErrors(NamedTuple):
    """What the score of each window is made of; float64, dims (time, window row, window column).

    Attributes:
        numerator: The error; NaN where too few pixels are valid.
        denominator: The most that it could be: 0 where both products are dry.
        imerg_fraction, radar_fraction: Share of the valid pixels that is wet, float32.
        valid_fraction: Share of the window's pixels inside the map that is valid, float32.
    """

    numerator: np.ndarray
    denominator: np.ndarray
    imerg_fraction: np.ndarray
    radar_fraction: np.ndarray
    valid_fraction: np.ndarray


class ScoreSums(NamedTuple):
    """Sums over windows that add over maps.

    Attributes:
        score_numerator, score_denominator: Sums of the two parts of the score.
        windows: Number of windows with enough valid pixels.
        defined: Those where either product is wet.
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

    - `amount`: mean |f − o| over mean (f + o) of the wet rates [mm/h], the similarity of Bray and
      Curtis (1957), doi:10.2307/1942268;
    - `csi`: misses and false alarms over them and the hits, as shares of the valid pixels;
    - `fss`: (f − o)² over f² + o² of the wet shares, Roberts and Lean (2008),
      doi:10.1175/2007MWR2123.1.

    Args:
        name: A key of `LOCAL_SCORES`.
        imerg, radar: Rates [mm/h], dims (time, y, x), missing as NaN.
        threshold: A pixel at or above it is wet [mm/h].
        window, stride: Sides of the windows and of the blocks they are centred on [pixels].
        min_valid: Share (0 to 1) of the window's pixels inside the map that must be valid.

    Raises:
        ValueError: No local score has that name.
    """
    size = {"window": window, "stride": stride}
    f, o, valid = window_fractions(imerg, radar, threshold=threshold, min_valid=min_valid, **size)
    if name == "fss":
        a, b = f.astype(np.float64), o.astype(np.float64)
        return WindowErrors((a - b) ** 2, a**2 + b**2, f, o, valid)
    both = np.isfinite(imerg) & np.isfinite(radar)
    a, b = (np.where(both & (rate >= np.float32(threshold)), rate, 0) for rate in (imerg, radar))
    error: np.ndarray
    most: np.ndarray
    if name == "amount":
        error, most = np.abs(a - b).astype(np.float64), (a + b).astype(np.float64)
    elif name == "csi":
        error, most = (a > 0) != (b > 0), (a > 0) | (b > 0)
    else:
        raise ValueError(f"no local score is called {name!r}; there are {', '.join(LOCAL_SCORES)}")
    known, wet = np.isfinite(f), (f > 0) | (o > 0)
    count = np.where(known, window_sums(both, **size), 0)

    def mean(part: np.ndarray) -> np.ndarray:
        # A running total leaves a trace of rounding where no pixel is wet.
        return np.where(wet | ~known, ratio(window_sums(part, **size), count), 0.0)

    return WindowErrors(mean(error), mean(most), f, o, valid)


def local_score(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Score of each window, 0 to 1, float32; NaN where both products are dry or missing.

    >>> local_score(np.array([0.0, 1.0, 0.0]), np.array([2.0, 4.0, 0.0]))
    array([1.  , 0.75,  nan], dtype=float32)
    """
    return np.clip(1 - ratio(numerator, denominator), 0, 1).astype(np.float32)


def score_sums(numerator: np.ndarray, denominator: np.ndarray) -> ScoreSums:
    """Sums of each map over its windows; parts as `window_errors` gives, (time, y, x)."""
    places = (-2, -1)
    return ScoreSums(
        additive(np.nansum(numerator, axis=places)),
        additive(np.nansum(denominator, axis=places)),
        np.sum(np.isfinite(denominator), axis=places),
        np.sum(denominator > 0, axis=places),
    )


def total_score(sums: ScoreSums) -> np.ndarray:
    """Score of a map, or of any total of maps; NaN where no window is defined."""
    return 1 - ratio(sums.score_numerator, sums.score_denominator)
