"""Which local score is the most adequate: the evidence, and the rule that decides."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from rainscore.errors import RainscoreError
from rainscore.scores.bootstrap import day_weights, interval, with_sample
from rainscore.scores.choice.candidates import CANDIDATES
from rainscore.scores.choice.faults import FAULTS
from rainscore.scores.choice.trial import PERFECT
from rainscore.scores.sums import ratio
from rainscore.times import times_of

CRITERIA = {
    "sight": "mean loss of score under the strongest level of the fault that it sees least",
    "seen": "in worlds whose satellites commit one kind of error (displacement, misses, bias, "
    "smoothing): share of windows that score below their score in the world without error, least "
    "of the four",
    "monotone": "share of windows whose score never rises as a fault grows, mean over the faults",
    "quiet": "mean score of the mean of every other radar frame against that of those between",
    "own": "share of the variance of the score of windows that the radar's rain fraction (in "
    "twentieths) does not explain",
    "defined": "share of the windows with rain in either product where the score is defined",
    "predictable": "share of the variance explained by gradient boosting from IMERG alone, learnt "
    "on training days and measured on validation days, where IMERG has rain",
}
"""What the rule combines: 0 is useless, 1 the best that can be."""


RULE = (
    "the merit of a score is the geometric mean of its criteria (sight, seen, monotone, quiet, "
    "own, defined, predictable), each cut to 0 to 1, so that a score that fails one is out; the "
    "score of the highest merit is recommended"
)


NOT_PREDICTORS = ("time", "imerg_wet", "radar_share", *CANDIDATES)
"""Columns of the windows that are not predictors from IMERG alone."""

FRACTION_EDGES = np.linspace(0, 1, 21)


MOST_RESAMPLES = 500


LEAST_WINDOWS = 200
"""Training windows, and validation windows, below which nothing is said of predictability."""


def describe_choice(
    sums: pd.DataFrame,
    windows: pd.DataFrame,
    splits: pd.DataFrame,
    *,
    used: str,
    worlds: Sequence[str],
    resamples: int,
    seed: int,
) -> tuple[pd.DataFrame, dict]:
    """Weigh the candidates by what the months showed, and decide.

    Every criterion is a function of sums over days, so days are resampled as they are: each sample
    draws as many days as there are, with replacement, for all the candidates alike. The boosting is
    fitted once; its days are drawn among the validation days.

    Args:
        sums, windows: Tables of `trial.try_scores`, of all months.
        splits: time, split.
        used: The score of the run.
        worlds: Names of the worlds with one source of error each.
        resamples: Samples of days, at most 500 are drawn.
        seed: Of the samples and of the boosting.

    Returns:
        The evidence (score, criterion, value, low, high, windows, days) with 95 % intervals over
        days, NaN where there is one day only: `CRITERIA`, `merit`, the loss at each level of each
        fault (`shift 8`), the mean score in each world (`world bias`), and the rank
        correlation with every other score (`rank fss`). And the decision, as plain values.

    Raises:
        RainscoreError: No window tried has rain, so nothing can be weighed.
    """
    if windows.empty:
        raise RainscoreError(
            "the choice of the score: no window of the period has rain in IMERG or the radar (or "
            "they have no half-hour in common, see results/data/availability.parquet): take more "
            "days by period.months, first_day and last_day"
        )
    draws = _Draws(sums, min(resamples, MOST_RESAMPLES), seed)
    own = _own(windows, draws)
    predicted, held_out = _predictable(windows, splits, draws.number, seed)
    found: dict[tuple[str, str], np.ndarray] = {}
    for score in CANDIDATES:
        losses = {
            (fault, level): 1 - draws.mean(score, fault, level)
            for fault, levels in FAULTS.items()
            for level in levels
        }
        found |= {(score, f"{fault} {level:g}"): v for (fault, level), v in losses.items()}
        strongest = [losses[fault, levels[-1]] for fault, levels in FAULTS.items()]
        monotone = [draws.mean(score, f"{fault} monotone") for fault in FAULTS]
        seen = [draws.mean(score, f"world {world} seen") for world in worlds]
        for world in (PERFECT, *worlds):
            found[score, f"world {world}"] = draws.mean(score, f"world {world}")
        found[score, "sight"] = np.min(strongest, axis=0)
        found[score, "seen"] = np.min(seen, axis=0)
        found[score, "monotone"] = np.mean(monotone, axis=0)
        found[score, "quiet"] = draws.mean(score, "noise")
        found[score, "own"] = own[score]
        found[score, "defined"] = draws.defined(windows, score)
        found[score, "predictable"] = predicted[score]
    known = [c for c in CRITERIA if all(np.isfinite(found[s, c][0]) for s in CANDIDATES)]
    for score in CANDIDATES:
        found[score, "merit"] = _merit(found, score, known)
    evidence = _table(found, draws, len(windows), held_out)
    ranks = windows[list(CANDIDATES)].corr(method="spearman")
    pairs = [(a, f"rank {b}", ranks.loc[a, b]) for a in CANDIDATES for b in CANDIDATES if a != b]
    similar = pd.DataFrame(pairs, columns=["score", "criterion", "value"])
    similar = similar.assign(low=np.nan, high=np.nan, windows=len(windows), days=len(draws.days))
    table = pd.concat([evidence, similar.dropna(subset="value")], ignore_index=True)
    return table, _decision(found, known, draws, used)


class _Draws:
    """Sums by day, and how often each sample draws each day; the first 'sample' is the days."""

    def __init__(self, sums: pd.DataFrame, resamples: int, seed: int) -> None:
        self.days = np.unique(sums["day"].to_numpy())
        self.number = resamples if self.days.size > 1 else 0
        self.weights = with_sample(day_weights(self.days.size, resamples=self.number, seed=seed))
        keys = ["case", "level", "score", "day"]
        self.sums = sums.groupby(keys)[["windows", "total"]].sum()

    def mean(self, score: str, case: str, level: float = 0) -> np.ndarray:
        """Mean over the windows of a case, of the days and of each sample; NaN without any."""
        try:
            part = self.sums.xs((case, float(level), score))
        except KeyError:
            return np.full(len(self.weights), np.nan)
        part = part.reindex(self.days, fill_value=0)
        return ratio(self.weights @ part["total"].to_numpy(), self.weights @ part["windows"])

    def by_day(self, times: pd.Series, values: np.ndarray) -> np.ndarray:
        """Totals of values (row,) over the days, of the days and of each sample."""
        place = np.searchsorted(self.days, times.dt.normalize().to_numpy())
        return self.weights @ np.bincount(place, values, self.days.size)

    def defined(self, windows: pd.DataFrame, score: str) -> np.ndarray:
        """Share of the windows with rain where a score is defined."""
        known = windows[score].notna().to_numpy(float)
        everywhere = np.ones(len(windows))
        return ratio(self.by_day(windows["time"], known), self.by_day(windows["time"], everywhere))


def _own(windows: pd.DataFrame, draws: _Draws) -> dict[str, np.ndarray]:
    """Share of each score's variance within classes of the radar's rain fraction."""
    out = {}
    for score in CANDIDATES:
        rows = windows[windows[score].notna()]
        value = rows[score].to_numpy(float)
        kind = np.searchsorted(FRACTION_EDGES, rows["radar_share"].to_numpy(float))
        within, n, total, squares = np.zeros((4, len(draws.weights)))
        for k in np.unique(kind):
            here = (kind == k).astype(float)
            parts = [draws.by_day(rows["time"], here * value**p) for p in (0, 1, 2)]
            within = within + parts[2] - np.nan_to_num(ratio(parts[1] ** 2, parts[0]))
            n, total, squares = n + parts[0], total + parts[1], squares + parts[2]
        out[score] = ratio(within, squares - ratio(total**2, n))
    return out


def _predictable(
    windows: pd.DataFrame, splits: pd.DataFrame, resamples: int, seed: int
) -> tuple[dict[str, np.ndarray], int]:
    """Share of the variance that boosting explains on the validation days, and their number."""
    shown = windows[windows["imerg_wet"]]
    train = shown[shown["time"].isin(times_of(splits, "train"))]
    held_out = shown[shown["time"].isin(times_of(splits, "validation"))]
    place, days = pd.factorize(held_out["time"].dt.normalize())
    out = {score: np.full(1 + resamples, np.nan) for score in CANDIDATES}
    if min(len(train), len(held_out)) < LEAST_WINDOWS:
        return out, len(days)
    weights = with_sample(day_weights(len(days), resamples=resamples, seed=seed))
    predictors = [name for name in windows if name not in NOT_PREDICTORS]
    for score in CANDIDATES:
        learnt, known = train[score].notna(), held_out[score].notna().to_numpy()
        model = HistGradientBoostingRegressor(
            max_iter=80, max_leaf_nodes=15, early_stopping=False, random_state=seed
        ).fit(train.loc[learnt, predictors], train.loc[learnt, score])
        value = held_out.loc[known, score].to_numpy(float)
        error = value - model.predict(held_out.loc[known, predictors])
        terms = (np.ones_like(value), value, value**2, error**2)
        n, total, squares, missed = (
            weights @ np.bincount(place[known], term, len(days)) for term in terms
        )
        out[score] = 1 - ratio(missed, squares - ratio(total**2, n))
    return out, len(days)


def _merit(found: dict, score: str, criteria: list[str]) -> np.ndarray:
    """Geometric mean of the criteria, cut to 0 to 1."""
    values = np.stack([np.clip(found[score, name], 0, 1) for name in criteria])
    return values.prod(axis=0) ** (1 / len(criteria))


def _table(found: dict, draws: _Draws, windows: int, held_out: int) -> pd.DataFrame:
    """One row a score and criterion, those without a value left out."""
    rows = []
    for (score, criterion), values in found.items():
        days = held_out if criterion == "predictable" else len(draws.days)
        low, high = interval(values[1:], days) if len(values) > 1 else (np.nan, np.nan)
        rows.append((score, criterion, values[0], low, high, windows, days))
    columns = ["score", "criterion", "value", "low", "high", "windows", "days"]
    return pd.DataFrame(rows, columns=columns).dropna(subset="value")


def _decision(found: dict, known: list[str], draws: _Draws, used: str) -> dict:
    """What is recommended, how firmly, and what the run uses."""
    names = list(CANDIDATES)

    def best(criteria: list[str]) -> np.ndarray:
        merit = np.stack([_merit(found, score, criteria) for score in names])
        return np.where(np.isfinite(merit).all(axis=0), np.nan_to_num(merit).argmax(axis=0), -1)

    winners = best(known)
    drawn = winners[1:][winners[1:] >= 0]
    shares = {name: float(np.mean(drawn == i)) for i, name in enumerate(names) if drawn.size}
    without = {c: names[best([k for k in known if k != c])[0]] for c in known}
    return {
        "recommended": names[winners[0]],
        "used": used,
        "rule": RULE,
        "criteria": {name: CRITERIA[name] for name in known},
        "left_out": [name for name in CRITERIA if name not in known],
        "merit": {name: float(found[name, "merit"][0]) for name in names},
        "resamples": int(drawn.size),
        "share_of_resamples": shares,
        "without_criterion": without,
        "rainy_windows": float(draws.mean("", "rainy")[0]),
        "candidates": CANDIDATES,
    }
