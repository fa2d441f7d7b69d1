"""Candidates for the local score, each a function of sums over windows on IMERG's cells."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rainscore.scores.categorical import Contingency, hss
from rainscore.scores.cellwindows import CellWindows
from rainscore.scores.continuous import Moments, cc
from rainscore.scores.localscore import ScoreParts, WindowMeans, score_parts, window_means
from rainscore.scores.ssim import log_rain, ssim
from rainscore.scores.sums import ratio

CANDIDATES = {
    "affinity": "affinity of rain amounts (mean-squared skill of the square root of rain)",
    "amount": "agreement of rain amounts",
    "csi": "critical success index",
    "fss": "fractions skill score",
    "fss_half": "fractions skill score in windows of half the side",
    "fss_double": "fractions skill score in windows of twice the side",
    "hss": "Heidke skill score",
    "rmse": "1 − RMSE / (root mean square of IMERG + of the radar)",
    "mse": "mean-squared skill of rain: 1 − Σ(f − o)² / Σ(f² + o²)",
    "mse_log": "mean-squared skill of log rain",
    "mielke": "permutation index of Mielke",
    "correlation": "linear correlation of log rain",
    "ssim": "structural similarity of log rain",
    "seeps": "stable equitable error in probability space, with the climatology of the radar",
}
"""Candidates in words. All are 1 for an estimate without error."""

MIN_SPREAD = 1e-12
"""Variances below it are rounding errors of zero."""


@dataclass(frozen=True)
class Climatology:
    """Climatology that SEEPS needs, of the radar on IMERG's cells.

    Attributes:
        dry: Probability of a dry half-hour.
        heavy: Rate that a third of the wet half-hours exceeds [mm/h].
    """

    dry: float
    heavy: float

    @classmethod
    def of(cls, radar: np.ndarray, *, wet_threshold: float) -> "Climatology":
        """Climatology of rates (any dims) [mm/h], NaN missing."""
        rates = radar[np.isfinite(radar)]
        wet = rates[rates >= wet_threshold]
        if not wet.size or wet.size == rates.size:
            return cls(dry=0.5, heavy=10 * wet_threshold)
        return cls(dry=1 - wet.size / rates.size, heavy=float(np.quantile(wet, 2 / 3)))


class CandidateWindows(NamedTuple):
    """Windows of the score's size, of half and of twice its side."""

    whole: CellWindows
    half: CellWindows
    double: CellWindows


class CandidateScores(NamedTuple):
    """Candidates in each window, dims (time, y, x).

    Attributes:
        parts: Numerator and denominator of each candidate, NaN where it is undefined: where too
            little of the window is valid, where both products are dry, and where its formula
            divides by zero. A candidate that is no ratio of sums has 1 − value over 1.
        imerg_fraction, radar_fraction: Share of the valid area that is wet; NaN where too little
            of the window is valid.
    """

    parts: dict[str, ScoreParts]
    imerg_fraction: np.ndarray
    radar_fraction: np.ndarray

    @property
    def scores(self) -> dict[str, np.ndarray]:
        """Values of each candidate, by name; NaN where it is undefined."""
        return {name: 1 - ratio(*parts) for name, parts in self.parts.items()}

    @property
    def rainy(self) -> np.ndarray:
        """Mask of the windows where either product is wet."""
        return (self.imerg_fraction > 0) | (self.radar_fraction > 0)


def candidate_scores(
    imerg: np.ndarray,
    radar: np.ndarray,
    windows: CandidateWindows,
    climatology: Climatology,
    *,
    wet_threshold: float,
    min_valid_share: float,
) -> CandidateScores:
    """Every candidate in every window.

    Args:
        imerg, radar: Rates on IMERG's cells [mm/h], dims (time, lat, lon), NaN missing.
        windows: Windows over these cells.
        climatology: Climatology of the radar, for SEEPS.
        wet_threshold: A cell is wet at or above it [mm/h].
        min_valid_share: Share of a window that must be valid.
    """
    valid = np.isfinite(imerg) & np.isfinite(radar)
    f, o = (np.where(valid, rate, np.nan) for rate in (imerg, radar))
    means = window_means(f, o, windows.whole, wet_threshold=wet_threshold)
    rain = _moments(f, o, windows.whole)
    logs = _moments(log_rain(f), log_rain(o), windows.whole)
    error = windows.whole.means(np.where(valid, seeps_error(f, o, climatology, wet_threshold), 0))
    enough = means.valid >= min_valid_share * windows.whole.inside
    rainy = enough & ((means.imerg_wet > 0) | (means.radar_wet > 0))
    parts = {name: score_parts(name, means) for name in ("affinity", "amount", "csi", "fss")}
    for name, sized in (("fss_half", windows.half), ("fss_double", windows.double)):
        parts[name] = score_parts("fss", window_means(f, o, sized, wet_threshold=wet_threshold))
    parts["mse"], parts["mse_log"] = _squared_error(rain), _squared_error(logs)
    parts["mielke"] = _mielke(rain)
    parts["seeps"] = ScoreParts(error, means.valid)
    values = {
        "hss": hss(_contingency(means)),
        "rmse": _rmse_similarity(rain),
        "correlation": cc(logs),
        "ssim": ssim(logs),
    }
    parts |= {name: ScoreParts(1 - value, np.ones_like(value)) for name, value in values.items()}
    # A score is 0 at the least, in a window and in the totals.
    parts = {n: ScoreParts(np.minimum(a, b), b) for n, (a, b) in parts.items()}
    defined = {
        name: rainy & np.isfinite(part.numerator) & (part.denominator > 0)
        for name, part in parts.items()
    }
    kept = {
        name: ScoreParts(*(np.where(defined[name], values, np.nan) for values in parts[name]))
        for name in CANDIDATES
    }
    shares = (
        np.where(enough, ratio(wet, means.valid), np.nan)
        for wet in (means.imerg_wet, means.radar_wet)
    )
    return CandidateScores(kept, *shares)


def seeps_error(
    imerg: np.ndarray, radar: np.ndarray, climatology: Climatology, wet_threshold: float
) -> np.ndarray:
    """SEEPS error of each pixel, 0 for the right category (dry, light, heavy).

    Rodwell et al. (2010), doi:10.1002/qj.656, with a third of the wet half-hours heavy. A constant
    forecast has the expected error 1.
    """
    p = climatology.dry
    errors = 0.5 * np.array(
        [
            [0, 1 / (1 - p), 4 / (1 - p)],
            [1 / p, 0, 3 / (1 - p)],
            [1 / p + 3 / (2 + p), 3 / (2 + p), 0],
        ]
    )  # forecast category × observed category
    edges = [wet_threshold, climatology.heavy]
    categories = (
        np.searchsorted(edges, np.nan_to_num(rate), side="right") for rate in (imerg, radar)
    )
    return errors[tuple(categories)]


def _moments(imerg: np.ndarray, radar: np.ndarray, windows: CellWindows) -> Moments:
    """Moments of each window, normalised by its weights instead of a number of pixels."""
    valid = np.isfinite(imerg) & np.isfinite(radar)
    a, b = (np.where(valid, rate, 0).astype(np.float64) for rate in (imerg, radar))
    fields = (valid.astype(np.float64), a, b, a * a, b * b, a * b, np.abs(a - b))
    n = len(imerg)
    means = windows.means(np.concatenate(fields))
    return Moments(*(means[i * n : (i + 1) * n] for i in range(len(fields))))


def _contingency(means: WindowMeans) -> Contingency:
    """Areas of hits, misses, false alarms and correct negatives."""
    hits = means.both_wet
    misses, false_alarms = means.radar_wet - hits, means.imerg_wet - hits
    return Contingency(hits, misses, false_alarms, means.valid - hits - misses - false_alarms)


def _squared_error(sums: Moments) -> ScoreParts:
    """Σ(f − o)² over the most that it can be for rates that are not negative, Σ(f² + o²)."""
    most = sums.sum_imerg2 + sums.sum_radar2
    return ScoreParts(np.maximum(most - 2 * sums.sum_product, 0), most)


def _rmse_similarity(sums: Moments) -> np.ndarray:
    """1 − RMSE over the most that it can be, the sum of both root mean squares."""
    error, _ = _squared_error(sums)
    most = np.sqrt(sums.sum_imerg2) + np.sqrt(sums.sum_radar2)
    return 1 - ratio(np.sqrt(error), most)


def _mielke(sums: Moments) -> ScoreParts:
    """Mean squared error over its expectation for permuted values.

    Mielke (1991), in the form of Duveiller et al. (2016), doi:10.1038/srep19401:
    MSE / (var f + var o + (mean f − mean o)²).
    """
    mean_f, mean_o = (np.nan_to_num(ratio(x, sums.n)) for x in (sums.sum_imerg, sums.sum_radar))
    squares = np.nan_to_num(ratio(sums.sum_imerg2 + sums.sum_radar2, sums.n))
    spread = np.maximum(squares - mean_f**2 - mean_o**2, 0)
    error = np.nan_to_num(ratio(_squared_error(sums).numerator, sums.n))
    expected = np.where(spread > MIN_SPREAD, spread + (mean_f - mean_o) ** 2, 0)
    return ScoreParts(sums.n * error, sums.n * expected)
