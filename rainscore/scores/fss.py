"""Wet fractions of windows, for the fractions skill score (FSS) and the masks of the networks.

Roberts and Lean (2008), doi:10.1175/2007MWR2123.1. A pixel is valid if both products are valid;
fractions are taken over the valid pixels of the part of the window that lies inside the map.
"""

import numpy as np

from rainscore.scores.sums import ratio
from rainscore.scores.windowsums import enough_pixels, window_pixels, window_sums


def window_fractions(
    imerg: np.ndarray,
    radar: np.ndarray,
    *,
    threshold: float,
    window: int,
    stride: int,
    min_valid: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share of the valid pixels of each window where each product reaches a threshold.

    Args:
        imerg, radar: Rates [mm/h], dims (time, y, x), NaN where missing.
        threshold: Wet threshold [mm/h]; a rate equal to it is wet.
        window: Side of the square windows [pixels].
        stride: Side of the blocks on which the windows are centred [pixels].
        min_valid: Minimum share (0 to 1) of valid pixels in the part of the window inside the map.

    Returns:
        Wet fraction of IMERG, wet fraction of the radar (NaN where too few pixels are valid), and
        share of valid pixels in the part of the window inside the map; float32, dims (time,
        ny / stride, nx / stride).
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
