"""Local scores: the agreement of IMERG and radar around each place, from sums over windows.

Both products are compared on IMERG's cells, the finest scale that both resolve: the radar enters as
its mean over each cell. An estimate without error therefore scores 1, whatever the pixel size of
the radar. Every score is 1 − numerator / denominator, and both are additive: the score of a map, a
month or a cluster is that of the sums. The wet threshold separates wet from dry, where a score
counts area or is defined; amounts of rain include the rates below it.
"""

from typing import NamedTuple

import numpy as np

from rainscore.scores.cellwindows import CellWindows
from rainscore.scores.sums import additive, ratio

LOCAL_SCORES = {
    "affinity": "affinity of rain amounts",
    "amount": "agreement of rain amounts",
    "csi": "critical success index",
    "fss": "fractions skill score",
}
"""Long name of each local score, by its name in the configuration (`scores.name`)."""

FORMULAS = {
    "affinity": "2 Σ√(f·o) / Σ(f + o)",
    "amount": "1 − Σ|f − o| / Σ(f + o)",
    "csi": "1 − (misses + false alarms) / (hits + misses + false alarms)",
    "fss": "1 − (p − q)² / (p² + q²), p and q the wet shares of IMERG and of the radar",
}
"""Definition of each local score; f and o are the rates of IMERG and of the radar."""


class WindowMeans(NamedTuple):
    """Weighted means over each window, where cells that are not valid count as 0; float64.

    They add over windows and maps, a window weighing by the share of it that is valid. Rain of
    windows in which both products are dry does not count.

    Attributes:
        hit: Rain in both products, min(f, o) [mm/h].
        missed: Rain of the radar that IMERG lacks, max(o − f, 0) [mm/h].
        false: Rain of IMERG that the radar lacks, max(f − o, 0) [mm/h].
        overlap: Geometric mean of the rates, √(f·o) [mm/h].
        imerg_wet, radar_wet, both_wet: Wet area [1].
        valid: Valid area [1].
    """

    hit: np.ndarray
    missed: np.ndarray
    false: np.ndarray
    overlap: np.ndarray
    imerg_wet: np.ndarray
    radar_wet: np.ndarray
    both_wet: np.ndarray
    valid: np.ndarray


def window_means(
    imerg: np.ndarray, radar: np.ndarray, windows: CellWindows, *, wet_threshold: float
) -> WindowMeans:
    """Means that every local score is a function of.

    Args:
        imerg, radar: Rates on IMERG's cells [mm/h], dims (time, lat, lon), NaN missing; a cell is
            valid where both are.
        windows: Windows over these cells.
        wet_threshold: A cell is wet at or above it [mm/h].

    Returns:
        Means, dims (time, y, x) of the learning grid.
    """
    valid = np.isfinite(imerg) & np.isfinite(radar)
    f, o = (np.where(valid, rate, 0) for rate in (imerg, radar))
    imerg_wet, radar_wet = (rate >= np.float32(wet_threshold) for rate in (f, o))
    fields = (
        np.minimum(f, o),
        np.maximum(o - f, 0),
        np.maximum(f - o, 0),
        np.sqrt(f * o),
        imerg_wet,
        radar_wet,
        imerg_wet & radar_wet,
        valid,
    )
    n = len(imerg)
    means = windows.means(np.concatenate(fields))
    hit, missed, false, overlap, *areas = (means[i * n : (i + 1) * n] for i in range(len(fields)))
    imerg_area, radar_area, both_area, area = areas
    wet = (imerg_area > 0) | (radar_area > 0)
    return WindowMeans(
        wet * hit,
        wet * missed,
        wet * false,
        wet * overlap,
        imerg_area,
        radar_area,
        both_area,
        area,
    )


class ScoreParts(NamedTuple):
    """Numerator and denominator of a local score; 0 where both products are dry, NaN where the
    window is not valid enough."""

    numerator: np.ndarray
    denominator: np.ndarray


def score_parts(name: str, means: WindowMeans) -> ScoreParts:
    """Numerator and denominator of a local score from window means, or from any sum of them.

    - `affinity`: Σ(√f − √o)² over Σ(f + o): one minus the squared Hellinger distance of the
      amounts, relative to their total (Hellinger 1909, doi:10.1515/crll.1909.136.210).
    - `amount`: Σ|f − o| over Σ(f + o); Bray and Curtis (1957), doi:10.2307/1942268.
    - `csi`: misses and false alarms over them and the hits, in area.
    - `fss`: squared difference of the wet areas over the sum of their squares; Roberts and Lean
      (2008), doi:10.1175/2007MWR2123.1.

    Raises:
        ValueError: No local score has that name.
    """
    total = 2 * means.hit + means.missed + means.false
    if name == "affinity":
        return ScoreParts(np.maximum(total - 2 * means.overlap, 0), total)
    if name == "amount":
        return ScoreParts(means.missed + means.false, total)
    if name == "csi":
        either = means.imerg_wet + means.radar_wet - means.both_wet
        return ScoreParts(either - means.both_wet, either)
    if name == "fss":
        p, q = (ratio(wet, means.valid) for wet in (means.imerg_wet, means.radar_wet))
        return ScoreParts(means.valid * (p - q) ** 2, means.valid * (p**2 + q**2))
    raise ValueError(f"no local score is called {name!r}; there are {', '.join(LOCAL_SCORES)}")


def amount_factor(means: WindowMeans) -> np.ndarray:
    """Is the amount right? 2√(F·O) / (F + O), F and O the totals of IMERG and of the radar.

    1 for equal totals, 0.94 for a factor of two; 0 where one product is dry, NaN where both are.
    """
    imerg, radar = means.hit + means.false, means.hit + means.missed
    return ratio(2 * np.sqrt(imerg * radar), imerg + radar)


def place_factor(means: WindowMeans) -> np.ndarray:
    """Is the rain in the right place? Σ√(f·o) / √(F·O), whatever the totals; the affinity is the
    product of both factors. NaN where either product is dry."""
    imerg, radar = means.hit + means.false, means.hit + means.missed
    return ratio(means.overlap, np.sqrt(imerg * radar))


def local_score(parts: ScoreParts) -> np.ndarray:
    """Score of each window, 0 to 1, float32; NaN where it is undefined.

    >>> local_score(ScoreParts(np.array([0.0, 1.0, 0.0]), np.array([2.0, 4.0, 0.0])))
    array([1.  , 0.75,  nan], dtype=float32)
    """
    return np.clip(1 - ratio(parts.numerator, parts.denominator), 0, 1).astype(np.float32)


class ScoreSums(NamedTuple):
    """Sums of each map over its windows, dims (time,); additive over maps.

    Attributes:
        score_numerator, score_denominator: Sums of the parts of the score; a window weighs by the
            share of it that is valid.
        windows: Number of windows that are valid enough.
        defined: Number of those where either product is wet.
    """

    score_numerator: np.ndarray
    score_denominator: np.ndarray
    windows: np.ndarray
    defined: np.ndarray


def score_sums(parts: ScoreParts) -> ScoreSums:
    """Sums over the windows of each map, from parts (time, y, x) with NaN where not valid."""
    axes = (-2, -1)
    return ScoreSums(
        additive(np.nansum(parts.numerator, axis=axes)),
        additive(np.nansum(parts.denominator, axis=axes)),
        np.sum(np.isfinite(parts.denominator), axis=axes),
        np.sum(parts.denominator > 0, axis=axes),
    )


def total_score(sums: ScoreSums) -> np.ndarray:
    """Score of each map, or of any total of maps; NaN where no window is defined."""
    return 1 - ratio(sums.score_numerator, sums.score_denominator)
