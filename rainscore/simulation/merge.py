"""Merge of direct microwave, propagated microwave and infrared rain, with a quality index."""

from dataclasses import dataclass

import numpy as np

from rainscore.simulation.morphing import PropagatedRain
from rainscore.simulation.sharpening import sharpen

CORRELATION_DECAY = 0.88
"""Factor on the correlation of propagated rain per half-hour."""

INFRARED_CORRELATION = 0.35
"""Correlation of the infrared estimate with the radar."""

_GOOD_CORRELATION = 0.5  # of propagated rain, above which the infrared is not used
_MIN_RATE = 0.03  # mm/h, below which the merged rate is set to 0


@dataclass(frozen=True)
class Merged:
    """Merged estimate of one half-hour.

    Attributes:
        rate: Rain rate [mm/h], dims (lat, lon), NaN where there is no input.
        infrared_weight: Weight of the infrared [%], dims (lat, lon).
        quality: Quality index, 0 to 1, dims (lat, lon): tanh √Σ atanh² r, where r are the
            correlations of the inputs.
    """

    rate: np.ndarray
    infrared_weight: np.ndarray
    quality: np.ndarray


def merge(
    direct: np.ndarray,
    direct_correlation: np.ndarray,
    propagated: list[PropagatedRain],
    infrared: np.ndarray,
    *,
    sharpening: float,
) -> Merged:
    """Merge the inputs of one half-hour.

    A direct microwave rate is used alone. Elsewhere the inputs are weighted by r² / (1 − r²), the
    weight of an estimate whose error variance is (1 − r²) / r² of that of the rain. As in IMERG,
    the infrared is not used near an overpass, here where a propagated rate has a correlation above
    0.5.

    Args:
        direct: Microwave rain rate [mm/h], dims (lat, lon), NaN where not observed.
        direct_correlation: Correlation with the radar assumed for it, dims (lat, lon).
        propagated: Rain propagated forward and, in the Late and Final runs, backward.
        infrared: Infrared rain rate [mm/h], dims (lat, lon), NaN where missing.
        sharpening: Share of the local distribution of the inputs that is restored, 0 to 1.
    """
    no_infrared = np.isnan(infrared)
    rates = np.stack([*(p.rate for p in propagated), np.where(no_infrared, 0, infrared)])
    r = np.stack(
        [*(p.correlation for p in propagated), np.where(no_infrared, 0, INFRARED_CORRELATION)]
    ).astype(np.float32)
    r[-1, r[:-1].max(axis=0) > _GOOD_CORRELATION] = 0
    weights = r**2 / (1 - r**2)
    total = weights.sum(axis=0)
    rate = np.full(direct.shape, np.nan, np.float32)
    valid = total > 0
    rate[valid] = ((weights * rates).sum(axis=0)[valid]) / total[valid]
    share = np.where(valid, 100 * weights[-1] / np.where(valid, total, 1), 0)
    quality = np.tanh(np.sqrt((np.arctanh(r) ** 2).sum(axis=0)))
    is_direct = ~np.isnan(direct)
    if sharpening > 0 and not is_direct.all():
        restored = sharpen(np.where(is_direct, np.nan, rate), rates, weights)
        rate = rate + np.float32(sharpening) * (restored - rate)
    rate = np.where(is_direct, direct, rate)
    rate[rate < _MIN_RATE] = 0
    return Merged(
        rate,
        np.where(is_direct, 0, np.round(share)).astype(np.float32),
        np.where(is_direct, direct_correlation, quality).astype(np.float32),
    )


def random_error(rate: np.ndarray) -> np.ndarray:
    """Random error that IMERG states for a rain rate; both [mm/h], any dims.

    A power law of the rate alone, with a constant where dry: the fields `randomError` of real
    granules (V03E of 2015-10-01, V04B of 2017-06-30) follow it with a standard deviation of 1.5 %,
    for all sources, ages and weights of the infrared.
    """
    wet = 13.95 * np.maximum(rate, 0) ** 0.714
    return np.where(rate == 0, 0.595, wet).astype(np.float32)
