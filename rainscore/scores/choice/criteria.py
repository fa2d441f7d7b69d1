"""Criteria for the choice of the score: values and bootstrap samples for each candidate."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd
import scipy.sparse
from scipy.special import ndtr, ndtri
from sklearn.ensemble import HistGradientBoostingRegressor

from rainscore.scores.bootstrap import day_weights, with_sample
from rainscore.scores.cellwindows import CellWindows
from rainscore.scores.choice.candidates import (
    CANDIDATES,
    CandidateWindows,
    Climatology,
    candidate_scores,
)
from rainscore.scores.choice.experiments import (
    DRIZZLES,
    INFLATIONS,
    PERFECT,
    PIXEL_FACTORS,
    SMOOTHINGS_KM,
    SUM_VALUES,
)
from rainscore.scores.choice.faults import FAULTS
from rainscore.scores.sums import ratio
from rainscore.times import times_of

CRITERIA = {
    "perfection": "mean score of simulated satellites without error",
    "honesty": "total score of IMERG without bias, divided by the highest total score that it "
    "reaches when it is multiplied by 0.5 to 2, smoothed, or given drizzle everywhere",
    "scale_freedom": "1 − the largest change of the total score of IMERG when the pixels of the "
    "radar are enlarged (up to 4 km)",
    "fairness": "1 − the range of the score of synthetic rain, of a hidden correlation of 0.8, "
    "when its wet fraction goes from 2 to 40 %",
    "sensitivity": "mean loss of score under the strongest level of a fault of the radar, least of "
    "the faults",
    "detection": "share of windows where simulated satellites with one kind of error "
    "(displacement, misses, bias or smoothing) score below those without error, least of the four",
    "monotonicity": "share of windows whose score never rises as a fault grows, mean over the "
    "faults",
    "repeatability": "mean score of the mean of the even radar frames against that of the odd "
    "frames",
    "independence": "share of the variance of the score of windows that the wet fraction of the "
    "radar (in classes of 1/20) does not explain",
    "defined_share": "share of the windows with rain in either product where the score is defined",
}
"""Criteria that the rule combines, each from 0 (useless) to 1 (best)."""


REPORTED = {
    "best_inflation": "factor of IMERG without bias at which the total score is highest",
    "smoothing_gain": "highest gain of the total score when IMERG without bias is smoothed",
    "predictability": "share of the variance of the score explained by gradient boosting from "
    "IMERG alone, fitted on training days and evaluated on validation days, where IMERG is wet",
}
"""Measures that are reported and not combined. A score that is easier to predict is not better."""


NOT_PREDICTORS = ("time", "imerg_wet", "radar_share", *CANDIDATES)
"""Columns of the table of windows that are not features of IMERG."""

GAMING = {"inflation": INFLATIONS, "smoothing": SMOOTHINGS_KM, "drizzle": DRIZZLES}
"""Levels of each way to change an estimate without bias."""


HIDDEN_CORRELATION = 0.8
"""Correlation of the Gaussian fields of synthetic rain."""


WET_FRACTIONS = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Wet fractions of synthetic rain."""


SYNTHETIC_CELLS = 200_000
"""Number of cells of synthetic rain."""


FRACTION_EDGES = np.linspace(0, 1, 21)
"""Edges of the classes of the wet fraction of the radar."""


MIN_WINDOWS = 200
"""Minimum numbers of training and of validation windows to compute the predictability."""


class DailySums:
    """Sums by day, and the weights of the days in the original and the bootstrap samples.

    Args:
        sums: Sums of `evaluate_candidates`, of all months.
        resamples: Number of bootstrap samples; none are drawn if there is one day only.
        seed: Random seed.
    """

    def __init__(self, sums: pd.DataFrame, *, resamples: int, seed: int) -> None:
        self.days = np.unique(sums["day"].to_numpy())
        self.resamples = resamples if self.days.size > 1 else 0
        self.weights = with_sample(day_weights(self.days.size, resamples=self.resamples, seed=seed))
        keys = ["experiment", "case", "level", "score", "day"]
        self.sums = sums.groupby(keys)[SUM_VALUES].sum()
        self.keys = set(sums[keys[:-1]].itertuples(index=False, name=None))

    def mean(self, score: str, experiment: str, case: str = "", level: float = 0) -> np.ndarray:
        """Mean over the windows of an experiment, dims (1 + resample,); NaN without windows."""
        return self._ratio("total", "windows", (experiment, case, float(level), score))

    def total_score(
        self, score: str, experiment: str, case: str = "", level: float = 0
    ) -> np.ndarray:
        """Score of the sums over all windows of an experiment, dims (1 + resample,)."""
        key = (experiment, case, float(level), score)
        return 1 - self._ratio("numerator", "denominator", key)

    def _ratio(self, above: str, below: str, key: tuple[str, str, float, str]) -> np.ndarray:
        if key not in self.keys:
            return np.full(len(self.weights), np.nan)
        part = self.sums.xs(key).reindex(self.days, fill_value=0)
        return ratio(self.weights @ part[above].to_numpy(), self.weights @ part[below].to_numpy())

    def totals(self, times: pd.Series, values: np.ndarray) -> np.ndarray:
        """Totals of values (row,) at `times`, dims (1 + resample,)."""
        place = np.searchsorted(self.days, times.dt.normalize().to_numpy())
        return self.weights @ np.bincount(place, values, self.days.size)


def criterion_samples(
    daily: DailySums, windows: pd.DataFrame, score: str, *, error_kinds: Sequence[str]
) -> dict[str, np.ndarray]:
    """Values of all criteria and reported measures but the predictability, for one candidate.

    Args:
        daily: Sums by day.
        windows: Windows of `evaluate_candidates`, of all months.
        score: Name of the candidate.
        error_kinds: Names of the simulated satellites with one kind of error.

    Returns:
        Values by criterion, dims (1 + resample,): the original sample first.
    """
    losses = [1 - daily.mean(score, "fault", f, levels[-1]) for f, levels in FAULTS.items()]
    detected = [daily.mean(score, "detected", kind) for kind in error_kinds]
    unchanged = daily.total_score(score, "gaming", "inflation", 1)
    curves = {
        case: np.stack([daily.total_score(score, "gaming", case, level) for level in levels])
        for case, levels in GAMING.items()
    }
    highest = np.concatenate(list(curves.values())).max(axis=0)
    return {
        "perfection": daily.mean(score, "satellite", PERFECT),
        "honesty": ratio(unchanged, np.where(highest > 0, highest, np.nan)),
        "best_inflation": best_inflation(curves["inflation"]),
        "smoothing_gain": curves["smoothing"].max(axis=0) - unchanged,
        "scale_freedom": _scale_freedom(daily, score),
        "fairness": np.full(len(daily.weights), fairness()[score]),
        "sensitivity": np.min(losses, axis=0),
        "detection": np.min(detected, axis=0),
        "monotonicity": np.mean([daily.mean(score, "monotone", f) for f in FAULTS], axis=0),
        "repeatability": daily.mean(score, "noise"),
        "independence": _independence(daily, windows, score),
        "defined_share": _defined_share(daily, windows, score),
    }


def response_samples(
    daily: DailySums, score: str, *, error_kinds: Sequence[str]
) -> dict[tuple[str, str, float], np.ndarray]:
    """Responses of one candidate to faults, kinds of error, gaming and pixel sizes.

    Returns:
        Values by (criterion, case, level), dims (1 + resample,); criterion `loss` (case: fault),
        `satellite_score` (case: kind of error; level 0), `gaming` (total score; case: inflation,
        smoothing or drizzle) or `pixel_size` (total score; level: factor).
    """
    losses = {
        ("loss", fault, level): 1 - daily.mean(score, "fault", fault, level)
        for fault, levels in FAULTS.items()
        for level in levels
    }
    satellites = {
        ("satellite_score", kind, 0.0): daily.mean(score, "satellite", kind)
        for kind in (PERFECT, *error_kinds)
    }
    gaming = {
        ("gaming", case, level): daily.total_score(score, "gaming", case, level)
        for case, levels in GAMING.items()
        for level in levels
    }
    pixels = {
        ("pixel_size", "", float(k)): daily.total_score(score, "pixel_size", "", k)
        for k in (1, *PIXEL_FACTORS)
    }
    return losses | satellites | gaming | pixels


def _scale_freedom(daily: DailySums, score: str) -> np.ndarray:
    """1 − the largest change of the total score with larger pixels; NaN without any."""
    totals = np.stack([daily.total_score(score, "pixel_size", "", k) for k in (1, *PIXEL_FACTORS)])
    change = np.abs(totals[1:] - totals[0])
    available = np.isfinite(change)
    largest = np.where(available, change, 0).max(axis=0)
    return np.where(available.any(axis=0), 1 - largest, np.nan)


def best_inflation(scores: np.ndarray) -> np.ndarray:
    """Factor of the highest score: top of the parabola through the highest and its neighbours.

    Args:
        scores: Total scores at `INFLATIONS`, dims (factor, sample).

    Returns:
        Dims (sample,); NaN where a score is missing, an end of the factors where the score is
        highest there.
    """
    logs = np.log(INFLATIONS)
    best = np.full(scores.shape[1], np.nan)
    for i, curve in enumerate(scores.T):
        if not np.isfinite(curve).all():
            continue
        top = int(curve.argmax())
        best[i] = INFLATIONS[top]
        if 0 < top < len(curve) - 1:
            near = slice(top - 1, top + 2)
            bend, slope, _ = np.polyfit(logs[near], curve[near], 2)
            if bend < 0:
                best[i] = np.exp(-slope / (2 * bend))
    return best


@cache
def fairness() -> dict[str, float]:
    """1 − the range of each candidate over `WET_FRACTIONS`, for rain of one hidden correlation.

    Both products are the same increasing function of two Gaussian fields whose correlation is
    `HIDDEN_CORRELATION`: dry below a quantile, exponential rates of mean 2 mm/h above it.
    """
    first, noise = np.random.default_rng(0).standard_normal((2, SYNTHETIC_CELLS))
    second = HIDDEN_CORRELATION * first + np.sqrt(1 - HIDDEN_CORRELATION**2) * noise
    weights = scipy.sparse.csr_array(np.full((1, SYNTHETIC_CELLS), 1 / SYNTHETIC_CELLS))
    window = CellWindows(weights, (1, 1))
    scores: dict[str, list[float]] = {name: [] for name in CANDIDATES}
    for fraction in WET_FRACTIONS:
        imerg, radar = (_synthetic_rain(z, fraction) for z in (first, second))
        result = candidate_scores(
            imerg,
            radar,
            CandidateWindows(window, window, window),
            Climatology.of(radar, wet_threshold=0.1),
            wet_threshold=0.1,
            min_valid_share=0.5,
        )
        for name, value in result.scores.items():
            scores[name].append(float(value[0, 0, 0]))
    return {name: 1 - (max(values) - min(values)) for name, values in scores.items()}


def _synthetic_rain(gaussian: np.ndarray, wet_fraction: float) -> np.ndarray:
    """Rates of a Gaussian field, dims (1, 1, cell) [mm/h]."""
    rank = np.clip((ndtr(gaussian) - (1 - wet_fraction)) / wet_fraction, 0, 1 - 1e-9)
    wet = gaussian > ndtri(1 - wet_fraction)
    return np.where(wet, 0.1 - 2 * np.log1p(-rank), 0)[None, None].astype(np.float32)


def _defined_share(daily: DailySums, windows: pd.DataFrame, score: str) -> np.ndarray:
    """Share of the rainy windows where the score is defined."""
    defined = windows[score].notna().to_numpy(float)
    return ratio(
        daily.totals(windows["time"], defined),
        daily.totals(windows["time"], np.ones(len(windows))),
    )


def _independence(daily: DailySums, windows: pd.DataFrame, score: str) -> np.ndarray:
    """Share of the variance of the score within classes of the wet fraction of the radar."""
    rows = windows[windows[score].notna()]
    value = rows[score].to_numpy(float)
    fraction_class = np.searchsorted(FRACTION_EDGES, rows["radar_share"].to_numpy(float))
    within, n, total, squares = np.zeros((4, len(daily.weights)))
    for k in np.unique(fraction_class):
        in_class = (fraction_class == k).astype(float)
        parts = [daily.totals(rows["time"], in_class * value**p) for p in (0, 1, 2)]
        within = within + parts[2] - np.nan_to_num(ratio(parts[1] ** 2, parts[0]))
        n, total, squares = n + parts[0], total + parts[1], squares + parts[2]
    return ratio(within, squares - ratio(total**2, n))


def predictability(
    windows: pd.DataFrame, splits: pd.DataFrame, *, resamples: int, seed: int
) -> tuple[dict[str, np.ndarray], int]:
    """Share of the variance of each candidate that gradient boosting explains from IMERG alone.

    The boosting is fitted once; the validation days are resampled.

    Args:
        windows: Windows of `evaluate_candidates`, of all months.
        splits: Split of each half-hour (time, split).
        resamples: Number of bootstrap samples.
        seed: Random seed of the boosting and of the samples.

    Returns:
        Values by candidate, dims (1 + resample,), NaN if there are too few windows; and the number
        of validation days.
    """
    wet = windows[windows["imerg_wet"]]
    train = wet[wet["time"].isin(times_of(splits, "train"))]
    held_out = wet[wet["time"].isin(times_of(splits, "validation"))]
    place, days = pd.factorize(held_out["time"].dt.normalize())
    out = {score: np.full(1 + resamples, np.nan) for score in CANDIDATES}
    if min(len(train), len(held_out)) < MIN_WINDOWS:
        return out, len(days)
    weights = with_sample(day_weights(len(days), resamples=resamples, seed=seed))
    predictors = [name for name in windows if name not in NOT_PREDICTORS]
    for score in CANDIDATES:
        fitted, evaluated = train[score].notna(), held_out[score].notna().to_numpy()
        model = HistGradientBoostingRegressor(
            max_iter=80, max_leaf_nodes=15, early_stopping=False, random_state=seed
        ).fit(train.loc[fitted, predictors], train.loc[fitted, score])
        value = held_out.loc[evaluated, score].to_numpy(float)
        error = value - model.predict(held_out.loc[evaluated, predictors])
        terms = (np.ones_like(value), value, value**2, error**2)
        n, total, squares, unexplained = (
            weights @ np.bincount(place[evaluated], term, len(days)) for term in terms
        )
        out[score] = 1 - ratio(unexplained, squares - ratio(total**2, n))
    return out, len(days)
