"""Criteria for the choice of the score: values and bootstrap samples for each candidate."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from rainscore.scores.bootstrap import day_weights, with_sample
from rainscore.scores.choice.candidates import CANDIDATES
from rainscore.scores.choice.experiments import PERFECT
from rainscore.scores.choice.faults import FAULTS
from rainscore.scores.sums import ratio
from rainscore.times import times_of

CRITERIA = {
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
    "predictability": "share of the variance of the score explained by gradient boosting from "
    "IMERG alone, fitted on training days and evaluated on validation days, where IMERG is wet",
}
"""Criteria that the rule combines, each from 0 (useless) to 1 (best)."""


NOT_PREDICTORS = ("time", "imerg_wet", "radar_share", *CANDIDATES)
"""Columns of the table of windows that are not features of IMERG."""

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
        self.sums = sums.groupby(keys)[["windows", "total"]].sum()
        self.keys = set(sums[keys[:-1]].itertuples(index=False, name=None))

    def mean(self, score: str, experiment: str, case: str = "", level: float = 0) -> np.ndarray:
        """Mean over the windows of an experiment, dims (1 + resample,); NaN without windows."""
        key = (experiment, case, float(level), score)
        if key not in self.keys:
            return np.full(len(self.weights), np.nan)
        part = self.sums.xs(key).reindex(self.days, fill_value=0)
        return ratio(self.weights @ part["total"].to_numpy(), self.weights @ part["windows"])

    def totals(self, times: pd.Series, values: np.ndarray) -> np.ndarray:
        """Totals of values (row,) at `times`, dims (1 + resample,)."""
        place = np.searchsorted(self.days, times.dt.normalize().to_numpy())
        return self.weights @ np.bincount(place, values, self.days.size)


def criterion_samples(
    daily: DailySums, windows: pd.DataFrame, score: str, *, error_kinds: Sequence[str]
) -> dict[str, np.ndarray]:
    """Values of all criteria but the predictability, for one candidate.

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
    return {
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
    """Loss of one candidate at each level of each fault, and its score for each kind of error.

    Returns:
        Values by (criterion, case, level), dims (1 + resample,); criterion `loss` (case: fault) or
        `satellite_score` (case: kind of error; level 0).
    """
    losses = {
        ("loss", fault, level): 1 - daily.mean(score, "fault", fault, level)
        for fault, levels in FAULTS.items()
        for level in levels
    }
    return losses | {
        ("satellite_score", kind, 0.0): daily.mean(score, "satellite", kind)
        for kind in (PERFECT, *error_kinds)
    }


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
