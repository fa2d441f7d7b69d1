"""The fractions skill score of Roberts and Lean (2008), doi:10.1175/2007MWR2123.1, with masks.

A pixel is valid where both products are. A window's fractions are taken over its valid pixels
only, also where the map's edge cuts it.
"""

import numpy as np

from rainscore.scores.sums import ratio
from rainscore.scores.windows import enough_pixels, window_pixels, window_sums


def window_fractions(
    imerg: np.ndarray,
    radar: np.ndarray,
    *,
    threshold: float,
    window: int,
    stride: int,
    min_valid: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share of each window's valid pixels where each product reaches a threshold.

    Args:
        imerg, radar: Rates [mm/h], dims (time, y, x), missing as NaN.
        threshold: Rate [mm/h].
        window, stride: Sides of the windows and of the blocks they are centred on [pixels].
        min_valid: Share (0 to 1) of the window's pixels inside the map that must be valid.

    Returns:
        The fractions of IMERG and of the radar, NaN where too few pixels are valid, and the valid
        share of the window's pixels inside the map; float32, dims (time, ny / stride, nx / stride).
    """
    valid = np.isfinite(imerg) & np.isfinite(radar)
    size = {"window": window, "stride": stride}
    count = window_sums(valid, **size)
    share = count / window_pixels(imerg.shape[1:], **size)
    enough = np.where(share >= enough_pixels(min_valid), count, 0)
    imerg_fraction, radar_fraction = (
        ratio(window_sums(valid & (rate >= np.float32(threshold)), **size), enough)
        for rate in (imerg, radar)
    )
    return (
        imerg_fraction.astype(np.float32),
        radar_fraction.astype(np.float32),
        share.astype(np.float32),
    )
