"""Candidates for the local score, computed in windows laid side by side."""

from typing import Any, NamedTuple

import numpy as np

from rainscore.scores.categorical import hss, window_contingency
from rainscore.scores.continuous import Moments, cc, window_moments
from rainscore.scores.localscore import LOCAL_SCORES, local_score, window_errors
from rainscore.scores.ssim import log_rain, ssim
from rainscore.scores.sums import ratio

CANDIDATES = {
    **LOCAL_SCORES,
    "fss_half": "fractions skill score in windows of half the side",
    "fss_double": "fractions skill score in windows of twice the side",
    "hss": "Heidke skill score",
    "rmse": "1 − RMSE / (root mean square of IMERG + root mean square of the radar)",
    "correlation": "linear correlation of log rain",
    "ssim": "structural similarity of log rain",
}
"""Long name of each candidate; all are 1 for a perfect estimate.

SAL is defined for whole maps only and therefore no candidate.
"""


class WindowScores(NamedTuple):
    """Scores of each window, dims (time, window row, window column).

    Attributes:
        scores: Values of each candidate, by name; NaN where too few pixels are valid, where both
            products are dry, and where the formula divides by zero.
        imerg_fraction, radar_fraction: Share of the valid pixels that are wet; NaN where too few
            pixels are valid.
    """

    scores: dict[str, np.ndarray]
    imerg_fraction: np.ndarray
    radar_fraction: np.ndarray

    @property
    def rainy(self) -> np.ndarray:
        """Mask of the windows where either product is wet."""
        return (self.imerg_fraction > 0) | (self.radar_fraction > 0)


def whole_windows(field: np.ndarray, window: int) -> np.ndarray:
    """Crop a field (..., y, x) to the part that windows laid side by side cover."""
    ny, nx = (n - n % window for n in field.shape[-2:])
    return field[..., :ny, :nx]


def window_scores(
    imerg: np.ndarray, radar: np.ndarray, *, threshold: float, window: int, min_valid: float
) -> WindowScores:
    """Compute every candidate in windows laid side by side, which share no pixel.

    Args:
        imerg, radar: Rates [mm/h], dims (time, y, x), NaN where missing; sides are multiples of
            `window`.
        threshold: Wet threshold [mm/h]; a rate equal to it is wet.
        window: Side of the windows [pixels].
        min_valid: Minimum share (0 to 1) of valid pixels of a window.
    """
    layout: dict[str, Any] = {"stride": window, "min_valid": min_valid}
    local = {
        name: window_errors(name, imerg, radar, threshold=threshold, window=window, **layout)
        for name in LOCAL_SCORES
    }
    # Window and block must both be even, or both odd, for a common centre.
    half = window - 2 * max(window // 4, 1) if window > 2 else window
    for name, side in (("fss_half", half), ("fss_double", window + 2 * (window // 2))):
        local[name] = window_errors("fss", imerg, radar, threshold=threshold, window=side, **layout)
    counts = window_contingency(imerg, radar, threshold=threshold, window=window, **layout)
    rates = window_moments(imerg, radar, window=window, **layout)
    logs = window_moments(log_rain(imerg), log_rain(radar), window=window, **layout)
    scores = {
        **{name: local_score(e.numerator, e.denominator) for name, e in local.items()},
        "hss": hss(counts),
        "rmse": _rmse_similarity(rates),
        "correlation": cc(logs),
        "ssim": ssim(logs),
    }
    fractions = WindowScores(scores, local["fss"].imerg_fraction, local["fss"].radar_fraction)
    rainy = fractions.rainy
    return fractions._replace(
        scores={name: np.where(rainy, score, np.nan) for name, score in scores.items()}
    )


def _rmse_similarity(sums: Moments) -> np.ndarray:
    """1 − RMSE divided by its largest possible value, the sum of the root mean squares."""
    error = sums.sum_imerg2 + sums.sum_radar2 - 2 * sums.sum_product
    max_error = np.sqrt(sums.sum_imerg2) + np.sqrt(sums.sum_radar2)
    return 1 - ratio(np.sqrt(np.maximum(error, 0)), max_error)
