"""Candidates for the local score: each gives a value to every window of a pair of maps."""

from typing import Any

import numpy as np

from rainscore.scores.categorical import hss, window_contingency
from rainscore.scores.continuous import Moments, cc, window_moments
from rainscore.scores.local import LOCAL_SCORES, WindowErrors, local_score, window_errors
from rainscore.scores.structure import log_rain, ssim
from rainscore.scores.sums import ratio

CANDIDATES = {
    **LOCAL_SCORES,
    "fss_half": "fractions skill score in windows of half the side",
    "fss_double": "the same in windows of twice the side",
    "hss": "Heidke skill score",
    "rmse": "1 − RMSE / (root mean square of IMERG + of the radar)",
    "correlation": "linear correlation of log rain",
    "ssim": "structural similarity of log rain",
}
"""All are 1 for a perfect estimate. SAL and DAS are values of whole maps, so they are none."""


def whole_windows(field: np.ndarray, window: int) -> np.ndarray:
    """The part of a field (..., y, x) that windows laid side by side cover."""
    ny, nx = (n - n % window for n in field.shape[-2:])
    return field[..., :ny, :nx]


def window_scores(
    imerg: np.ndarray, radar: np.ndarray, *, threshold: float, window: int, min_valid: float
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Every candidate in windows laid side by side, so that none shares a pixel with another.

    Args:
        imerg, radar: Rates [mm/h], dims (time, y, x), sides multiples of `window`, NaN missing.
        threshold: A pixel at or above it is wet [mm/h].
        window: Side of the windows [pixels].
        min_valid: Share of a window's pixels that must be valid.

    Returns:
        The scores by name, and the wet shares of IMERG and of the radar, dims (time, window row,
        window column). A score is NaN where too few pixels are valid, where no pixel of either
        product is wet, and where its formula divides by zero.
    """
    layout: dict[str, Any] = {"stride": window, "min_valid": min_valid}

    def errors(name: str, side: int = window) -> WindowErrors:
        return window_errors(name, imerg, radar, threshold=threshold, window=side, **layout)

    def score(found: WindowErrors) -> np.ndarray:
        return local_score(found.numerator, found.denominator)

    local = {name: errors(name) for name in LOCAL_SCORES}
    f, o = local["fss"].imerg_fraction, local["fss"].radar_fraction
    counts = window_contingency(imerg, radar, threshold=threshold, window=window, **layout)
    rates = window_moments(imerg, radar, window=window, **layout)
    logs = window_moments(log_rain(imerg), log_rain(radar), window=window, **layout)
    # A window is centred on whole pixels only where its side is even as the block's, or odd.
    half = window - 2 * max(window // 4, 1) if window > 2 else window
    found = {
        **{name: score(found) for name, found in local.items()},
        "fss_half": score(errors("fss", half)),
        "fss_double": score(errors("fss", window + 2 * (window // 2))),
        "hss": hss(counts),
        "rmse": _rmse_similarity(rates),
        "correlation": cc(logs),
        "ssim": ssim(logs),
    }
    rainy = (f > 0) | (o > 0)
    return {name: np.where(rainy, value, np.nan) for name, value in found.items()}, f, o


def _rmse_similarity(sums: Moments) -> np.ndarray:
    """Root-mean-square error, as a share of the most that it can be, taken from 1."""
    error = sums.sum_imerg2 + sums.sum_radar2 - 2 * sums.sum_product
    most = np.sqrt(sums.sum_imerg2) + np.sqrt(sums.sum_radar2)
    return 1 - ratio(np.sqrt(np.maximum(error, 0)), most)
