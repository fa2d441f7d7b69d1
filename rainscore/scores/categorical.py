"""Categorical scores: contingency counts that add over maps, and scores computed from the counts.

Formulas as in Jolliffe and Stephenson (2012), Forecast Verification, doi:10.1002/9781119960003.
A score is NaN where its formula divides by zero.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit, prange

from rainscore.scores.sums import flat_maps, ratio

CHUNK = 2048
"""Number of pixels processed at all thresholds before the next ones, to stay in the cache."""


class Contingency(NamedTuple):
    """Contingency table: numbers of pixels, any dims; they add over maps."""

    hits: np.ndarray
    misses: np.ndarray
    false_alarms: np.ndarray
    correct_negatives: np.ndarray


def contingency_sums(
    imerg: np.ndarray, radar: np.ndarray, threshold: float | Sequence[float]
) -> Contingency:
    """Compute the contingency table of each map.

    Args:
        imerg, radar: Rates [mm/h], dims (time, y, x), NaN where missing; a pixel counts if both
            are valid.
        threshold: Wet threshold or thresholds [mm/h]; a rate equal to it is wet.

    Returns:
        Counts, int64, dims (time,), or (time, threshold) for a sequence of thresholds.
    """
    thresholds = np.atleast_1d(np.asarray(threshold, np.float32))
    counts = np.zeros((len(imerg), thresholds.size, 4), np.int64)
    _count(flat_maps(imerg), flat_maps(radar), thresholds, counts)
    both, imerg_wet, radar_wet, valid = np.moveaxis(counts, 2, 0)
    table = both, radar_wet - both, imerg_wet - both, valid - imerg_wet - radar_wet + both
    return Contingency(*(part.reshape(len(imerg), *np.shape(threshold)) for part in table))


@njit(cache=True, parallel=True)
def _count(imerg, radar, thresholds, counts):
    """Fill `counts` (time, threshold, 4): wet in both, in IMERG, in the radar; valid in both."""
    for t in prange(len(imerg)):
        for start in range(0, imerg.shape[1], CHUNK):
            a, b = imerg[t, start : start + CHUNK], radar[t, start : start + CHUNK]
            for k in range(len(thresholds)):
                both = imerg_wet = radar_wet = valid = 0
                for p in range(len(a)):
                    is_valid = (a[p] == a[p]) & (b[p] == b[p])
                    x = is_valid & (a[p] >= thresholds[k])
                    y = is_valid & (b[p] >= thresholds[k])
                    both += x & y
                    imerg_wet += x
                    radar_wet += y
                    valid += is_valid
                counts[t, k, 0] += both
                counts[t, k, 1] += imerg_wet
                counts[t, k, 2] += radar_wet
                counts[t, k, 3] += valid


def _parts(sums: Contingency) -> tuple[np.ndarray, ...]:
    """Convert the counts to float64, so that their products do not overflow."""
    return tuple(np.asarray(part, np.float64) for part in sums)


def pod(sums: Contingency) -> np.ndarray:
    """Probability of detection: share of the wet radar pixels that are wet in IMERG."""
    hits, misses, _, _ = _parts(sums)
    return ratio(hits, hits + misses)


def pofd(sums: Contingency) -> np.ndarray:
    """Probability of false detection: share of the dry radar pixels that are wet in IMERG."""
    _, _, false_alarms, negatives = _parts(sums)
    return ratio(false_alarms, false_alarms + negatives)


def far(sums: Contingency) -> np.ndarray:
    """False-alarm ratio: share of the wet IMERG pixels that are dry in the radar."""
    hits, _, false_alarms, _ = _parts(sums)
    return ratio(false_alarms, hits + false_alarms)


def csi(sums: Contingency) -> np.ndarray:
    """Critical success index (threat score): hits / (hits + misses + false alarms)."""
    hits, misses, false_alarms, _ = _parts(sums)
    return ratio(hits, hits + misses + false_alarms)


def ets(sums: Contingency) -> np.ndarray:
    """Equitable threat score (Gilbert skill score)."""
    hits, misses, false_alarms, negatives = _parts(sums)
    total = hits + misses + false_alarms + negatives
    by_chance = ratio((hits + misses) * (hits + false_alarms), total)
    return ratio(hits - by_chance, hits + misses + false_alarms - by_chance)


def hss(sums: Contingency) -> np.ndarray:
    """Heidke skill score."""
    a, c, b, d = _parts(sums)
    return ratio(2 * (a * d - b * c), (a + c) * (c + d) + (a + b) * (b + d))


def hk(sums: Contingency) -> np.ndarray:
    """Hanssen–Kuipers discriminant (Peirce skill score)."""
    return pod(sums) - pofd(sums)


def sedi(sums: Contingency) -> np.ndarray:
    """Symmetric extremal dependence index.

    Ferro and Stephenson (2011), doi:10.1175/WAF-D-10-05030.1. NaN also where the probability
    of detection or the probability of false detection is 0 or 1.
    """
    h, f = (np.where((p > 0) & (p < 1), p, np.nan) for p in (pod(sums), pofd(sums)))
    log_h, log_f, log_not_h, log_not_f = np.log(h), np.log(f), np.log(1 - h), np.log(1 - f)
    return ratio(log_f - log_h - log_not_f + log_not_h, log_f + log_h + log_not_f + log_not_h)


def mcc(sums: Contingency) -> np.ndarray:
    """Matthews correlation coefficient (phi)."""
    a, c, b, d = _parts(sums)
    return ratio(a * d - b * c, np.sqrt(a + b) * np.sqrt(a + c) * np.sqrt(b + d) * np.sqrt(c + d))
