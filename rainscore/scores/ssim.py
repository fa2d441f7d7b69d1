"""Structural similarity (SSIM) of log rain."""

import numpy as np

from rainscore.scores.continuous import Moments
from rainscore.scores.sums import ratio

LOG_RAIN = 0.1
"""Rate [mm/h] below which log rain is nearly linear."""


LOG_RANGE = np.log1p(100 / LOG_RAIN)
"""Range of log rain from 0 to 100 mm/h, which scales the constants of the similarity."""


def log_rain(rate: np.ndarray) -> np.ndarray:
    """Compute log(1 + rate / `LOG_RAIN`) [1], float32, same dims; NaN stays NaN."""
    return np.log1p(np.asarray(rate, np.float32) / np.float32(LOG_RAIN))


def ssim(sums: Moments) -> np.ndarray:
    """Structural similarity (Wang et al. 2004, doi:10.1109/TIP.2003.819861) of log rain.

    The constants are (0.01 `LOG_RANGE`)² and (0.03 `LOG_RANGE`)².

    Args:
        sums: Moments of the `log_rain` of both products, of each window.

    Returns:
        Similarity [1], −1 to 1, same dims; NaN where no pixel is valid or both products are dry.
    """
    wet = np.where((sums.sum_imerg2 > 0) | (sums.sum_radar2 > 0), sums.n, 0)
    a, b, aa, bb, ab = (ratio(part, wet) for part in sums[1:6])
    c1, c2 = (0.01 * LOG_RANGE) ** 2, (0.03 * LOG_RANGE) ** 2
    luminance = (2 * a * b + c1) / (a**2 + b**2 + c1)
    structure = (2 * (ab - a * b) + c2) / (aa - a**2 + bb - b**2 + c2)
    return luminance * structure
