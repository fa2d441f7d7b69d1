"""Choice of the local score: evidence for each candidate, and the rule that combines it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from rainscore.errors import RainscoreError
from rainscore.scores.bootstrap import interval
from rainscore.scores.choice.candidates import CANDIDATES
from rainscore.scores.choice.criteria import (
    CRITERIA,
    DailySums,
    criterion_samples,
    predictability,
    response_samples,
)

MIN_PERFECTION = 0.98
"""Mean score that an estimate without error must reach."""


HONEST_INFLATIONS = (0.95, 1.05)
"""Range of factors in which an estimate without bias must score highest."""


RULE = (
    f"the merit of a score is the geometric mean of its criteria ({', '.join(CRITERIA)}), each "
    "clipped to 0 to 1; it is 0 if an estimate without error scores less than "
    f"{MIN_PERFECTION:g}, or if an estimate without bias scores highest when it is multiplied by a "
    f"factor outside {HONEST_INFLATIONS[0]:g} to {HONEST_INFLATIONS[1]:g}; the score of the "
    "highest merit is recommended"
)


MEANING = {
    "affinity": "factors into amount (is the total right?) and place (is the rain where it should "
    "be?)",
    "amount": "share of the rain that both products have in common",
    "csi": "share of the rain area that both products have in common",
    "seeps": "mean penalty of wrong categories",
}
"""Meaning of the candidates that have one for a hydrologist; stated, not measured."""


MAX_RESAMPLES = 500
"""Maximum number of bootstrap samples."""


Samples = dict[tuple[str, str, str, float], np.ndarray]
"""Values (1 + resample,), the original sample first, by score, criterion, case and level."""


def choose_score(
    sums: pd.DataFrame,
    windows: pd.DataFrame,
    splits: pd.DataFrame,
    *,
    used: str,
    error_kinds: Sequence[str],
    resamples: int,
    seed: int,
) -> tuple[pd.DataFrame, dict]:
    """Compute the criteria of each candidate and recommend one.

    Every criterion is a function of sums over days; the bootstrap samples of days are the same for
    all candidates. For the predictability the validation days are resampled.

    Args:
        sums, windows: Tables of `evaluate_candidates`, of all months.
        splits: Split of each half-hour (time, split).
        used: Name of the score that the run uses.
        error_kinds: Names of the simulated satellites with one kind of error.
        resamples: Number of bootstrap samples, at most `MAX_RESAMPLES`.
        seed: Random seed of the samples and of the boosting.

    Returns:
        Evidence, with columns score, criterion, case, level, value, low, high, windows, days; low
        and high are the ends of the 95 % interval over days, NaN if there is one day only. Besides
        `CRITERIA` and `REPORTED` the criteria are `merit`; `criteria_mean`, the merit without its
        requirements; the responses of `response_samples`
        with their case and level; and `rank_correlation` (case: other score). Case is "" and level
        0 where they do not apply. Second, the decision as plain values.

    Raises:
        RainscoreError: No window has rain.
    """
    if windows.empty:
        raise RainscoreError(
            "choice of the score: no window of the period has rain in IMERG or the radar, or they "
            "have no half-hour in common (see results/data/availability.parquet): use more days "
            "(period.months, first_day, last_day)"
        )
    daily = DailySums(sums, resamples=min(resamples, MAX_RESAMPLES), seed=seed)
    predicted, held_out = predictability(windows, splits, resamples=daily.resamples, seed=seed)
    samples: Samples = {}
    for score in CANDIDATES:
        responses = response_samples(daily, score, error_kinds=error_kinds)
        criteria = criterion_samples(daily, windows, score, error_kinds=error_kinds)
        criteria["predictability"] = predicted[score]
        samples |= {(score, *key): values for key, values in responses.items()}
        samples |= {(score, name, "", 0.0): values for name, values in criteria.items()}
    available = [
        name
        for name in CRITERIA
        if all(np.isfinite(samples[s, name, "", 0.0][0]) for s in CANDIDATES)
    ]
    for score in CANDIDATES:
        samples[score, "merit", "", 0.0] = _merit(samples, score, available)
        samples[score, "criteria_mean", "", 0.0] = _criteria_mean(samples, score, available)
    held_out_days = {"predictability": held_out}
    evidence = _evidence(samples, len(daily.days), held_out_days).assign(windows=len(windows))
    similar = _rank_correlations(windows).assign(windows=len(windows), days=len(daily.days))
    columns = ["score", "criterion", "case", "level", "value", "low", "high", "windows", "days"]
    table = pd.concat([evidence, similar], ignore_index=True)[columns]
    return table, _decision(samples, available, daily, used)


def _merit(samples: Samples, score: str, criteria: Sequence[str]) -> np.ndarray:
    """Mean of the criteria; 0 if a requirement of the rule fails."""
    merit = _criteria_mean(samples, score, criteria)
    low, high = HONEST_INFLATIONS
    factor = samples[score, "best_inflation", "", 0.0]
    fails = samples[score, "perfection", "", 0.0] < MIN_PERFECTION
    return np.where(fails | (factor < low) | (factor > high), 0, merit)


def _criteria_mean(samples: Samples, score: str, criteria: Sequence[str]) -> np.ndarray:
    """Geometric mean of the criteria, each clipped to 0 to 1."""
    values = np.stack([np.clip(samples[score, name, "", 0.0], 0, 1) for name in criteria])
    return values.prod(axis=0) ** (1 / len(criteria))


def _evidence(samples: Samples, days: int, other_days: Mapping[str, int]) -> pd.DataFrame:
    """Values with intervals, one row per key of `samples`; rows without a value are dropped."""
    rows = []
    for (score, criterion, case, level), values in samples.items():
        n = other_days.get(criterion, days)
        low, high = interval(values[1:], n) if len(values) > 1 else (np.nan, np.nan)
        rows.append((score, criterion, case, level, values[0], low, high, n))
    columns = ["score", "criterion", "case", "level", "value", "low", "high", "days"]
    return pd.DataFrame(rows, columns=columns).dropna(subset="value")


def _rank_correlations(windows: pd.DataFrame) -> pd.DataFrame:
    """Spearman correlations of each pair of candidates over the windows."""
    ranks = windows[list(CANDIDATES)].corr(method="spearman")
    pairs = [(a, b, ranks.loc[a, b]) for a in CANDIDATES for b in CANDIDATES if a != b]
    table = pd.DataFrame(pairs, columns=["score", "case", "value"]).dropna(subset="value")
    return table.assign(criterion="rank_correlation", level=0.0, low=np.nan, high=np.nan)


def _decision(samples: Samples, criteria: Sequence[str], daily: DailySums, used: str) -> dict:
    """Recommended score, how certain the recommendation is, and the score that the run uses."""
    names = list(CANDIDATES)

    def best(criteria: Sequence[str]) -> np.ndarray:
        """Index of the candidate of the highest merit, dims (1 + resample,); −1 if none has any."""
        merit = np.nan_to_num(np.stack([_merit(samples, score, criteria) for score in names]))
        return np.where(merit.max(axis=0) > 0, merit.argmax(axis=0), -1)

    def name_of(index: int) -> str:
        return names[index] if index >= 0 else ""

    winners = best(criteria)
    drawn = winners[1:]
    shares = {name: float(np.mean(drawn == i)) for i, name in enumerate(names) if drawn.size}
    without = {c: name_of(best([k for k in criteria if k != c])[0]) for c in criteria}
    values = {c: np.array([samples[n, c, "", 0.0][0] for n in names]).clip(0, 1) for c in criteria}
    alone = {
        c: [name for name, v in zip(names, value, strict=True) if v >= value.max() - 1e-6]
        for c, value in values.items()
    }
    return {
        "recommended": name_of(winners[0]),
        "used": used,
        "rule": RULE,
        "criteria": {name: CRITERIA[name] for name in criteria},
        "left_out": [name for name in CRITERIA if name not in criteria],
        "merit": {name: float(samples[name, "merit", "", 0.0][0]) for name in names},
        "resamples": int(drawn.size),
        "share_of_resamples": shares,
        "without_criterion": without,
        "by_criterion_alone": alone,
        "meaning": MEANING,
        "rainy_windows": float(daily.mean("", "rainy")[0]),
        "candidates": CANDIDATES,
    }
