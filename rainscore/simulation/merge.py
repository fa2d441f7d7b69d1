"""Merging of direct, carried and infrared rain, with the quality index that IMERG would give it."""

from dataclasses import dataclass

import numpy as np

from rainscore.simulation.constellation import SATELLITES
from rainscore.simulation.morphing import Carried

KEEP = 0.88
"""Factor by which the correlation of carried rain falls each half-hour."""


INFRARED_CORRELATION = 0.35
"""Correlation of the infrared estimate with the radar."""


_GOOD_CORRELATION = 0.5


_LOWEST_RATE = 0.03


SOURCE_CORRELATION = np.zeros(256, np.float32)
"""Correlation of a direct retrieval with the radar, by IMERG's code of the source."""


for _satellite in SATELLITES:
    SOURCE_CORRELATION[_satellite.sensor.code] = _satellite.sensor.correlation


@dataclass(frozen=True)
class Merged:
    """The merged estimate of one half-hour.

    Attributes:
        rate: Rates [mm/h], dims (y, x), NaN where nothing is known.
        infrared_weight: Weight of the infrared [%], dims (y, x).
        quality: Quality index 0–1: tanh √Σ atanh² r over the inputs' correlations r, dims (y, x).
    """

    rate: np.ndarray
    infrared_weight: np.ndarray
    quality: np.ndarray


def merge(
    direct: np.ndarray, source: np.ndarray, carried: list[Carried], infrared: np.ndarray
) -> Merged:
    """Merge the inputs of one half-hour; where a microwave sensor looks, it alone counts.

    The infrared counts where no carried rain is expected to correlate better than 0.5 (IMERG leaves
    it out near overpasses).
    The others are weighted by r² / (1 − r²), the weight of an estimate whose error variance is
    (1 − r²) / r² of that of the rain.

    Args:
        direct: Microwave rates [mm/h], dims (y, x), NaN where there are none.
        source: IMERG's code of their source, dims (y, x).
        carried: Rain carried forward, and backward if the run knows it.
        infrared: Infrared rates [mm/h], dims (y, x), NaN missing.
    """
    no_infrared = np.isnan(infrared)
    rates = np.stack([*(c.rate for c in carried), np.where(no_infrared, 0, infrared)])
    r = np.stack(
        [*(c.correlation for c in carried), np.where(no_infrared, 0, INFRARED_CORRELATION)]
    ).astype(np.float32)
    r[-1, r[:-1].max(axis=0) > _GOOD_CORRELATION] = 0
    weights = r**2 / (1 - r**2)
    total = weights.sum(axis=0)
    rate = np.full(direct.shape, np.nan, np.float32)
    known = total > 0
    rate[known] = ((weights * rates).sum(axis=0)[known]) / total[known]
    share = np.where(known, 100 * weights[-1] / np.where(known, total, 1), 0)
    quality = np.tanh(np.sqrt((np.arctanh(r) ** 2).sum(axis=0)))
    looked = ~np.isnan(direct)
    rate = np.where(looked, direct, rate)
    rate[rate < _LOWEST_RATE] = 0
    return Merged(
        rate,
        np.where(looked, 0, np.round(share)).astype(np.float32),
        np.where(looked, SOURCE_CORRELATION[source], quality).astype(np.float32),
    )


def random_error(rate: np.ndarray) -> np.ndarray:
    """Error that IMERG would quote for a rate, both mm/h."""
    return (0.55 * np.maximum(rate, 0) ** 0.7 + 0.05 * (rate > 0)).astype(np.float32)
