"""Tables of skill, computed from statistics that add over windows, maps and days."""

from collections.abc import Collection
from itertools import permutations

import numpy as np
import pandas as pd

from rainscore.evaluation.daysums import COLUMNS, DaySums, GroupSums, skill_row
from rainscore.scores import distribution

CLIMATOLOGY = "climatology"
"""Reference method of the skill scores: distribution of the score on the training days."""

UNET = "U-Net"

WINDOW_CODES = "window codes"
"""Beginning of the name of the method that predicts each window by its code."""

OF_UNET = (UNET, WINDOW_CODES, "map cluster (codes)")
"""Beginnings of the names of methods that use the U-Net, and so are no rivals of it."""

AT_HOME = "at home"
"""Kind of the held-out days in the table of unseen cases (`rainscore.evaluation.transferskill`)."""

ALL_CASES = "all"
"""Name in that table of all cases of a kind together."""

DECILES = tuple(f"decile {i}" for i in range(1, 11))

DECILE_SPLITS = ("predicted score", "interval width", "rain amount")
"""Quantities whose deciles are groups."""

LOWER_BOUND = "lower bound"
"""Grouping by whether the lower bound of the interval is above 0."""

INPUTS, MAP_INPUTS = "inputs", "map inputs"
"""Groupings by the available inputs (`inputstates.STATES`): of windows, and of whole maps."""

STATISTICS = (
    "n",
    "crps",
    "absolute_error",
    "covered",
    "width",
    "sum_p",
    "sum_t",
    "sum_pp",
    "sum_tt",
    "sum_pt",
    "sum_mean",
    "brier_zero",
)
"""Columns of `score_statistics`: p is the predicted median, t the true score."""

Bounds = tuple[np.ndarray, np.ndarray]
"""Lower and upper bound of each interval, dims (n,)."""


def score_statistics(
    masses: np.ndarray, scores: np.ndarray, bounds: Bounds | None = None
) -> np.ndarray:
    """Statistics of each prediction that add over windows, maps and days.

    Args:
        masses: Predicted distributions of the score (`scores.distribution`), dims (n, mass).
        scores: True scores, dims (n,), without NaN.
        bounds: Bounds of the 90 % interval where it is not `distribution.interval` of the masses.

    Returns:
        Dims (n, len(STATISTICS)).
    """
    low, high = bounds if bounds is not None else distribution.interval(masses)
    median = distribution.quantiles(masses, (0.5,))[:, 0].astype(np.float64)
    columns = (
        np.ones_like(scores),
        distribution.crps(masses, scores),
        np.abs(scores - median),
        (scores >= low) & (scores <= high),
        high - low,
        median,
        scores,
        median**2,
        scores**2,
        median * scores,
        distribution.mean(masses),
        (masses[:, 0] - (scores <= 0)) ** 2,
    )
    return np.stack([np.asarray(c, dtype=np.float64) for c in columns], axis=1)


def measures(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Measures from sums of `score_statistics`.

    - crps: mean `distribution.crps`;
    - brier_zero: Brier score of the probability of a score of exactly 0;
    - mae, r2, correlation (Pearson): of the median; r2 = 1 − Σ error² / Σ (score − mean score)²;
    - coverage, width: of the 90 % interval;
    - predicted, found: mean of the predicted distributions and mean of the true scores.

    Args:
        sums: Dims (..., len(STATISTICS)).

    Returns:
        Arrays with the leading dims by name; NaN where undefined.
    """
    s = {name: sums[..., i] for i, name in enumerate(STATISTICS)}
    with np.errstate(invalid="ignore", divide="ignore"):
        n = s["n"]
        covariance = s["sum_pt"] - s["sum_p"] * s["sum_t"] / n
        spread_p = s["sum_pp"] - s["sum_p"] ** 2 / n
        spread_t = s["sum_tt"] - s["sum_t"] ** 2 / n
        product = spread_p * spread_t
        correlation = np.where(product > 1e-12 * n**2, covariance / np.sqrt(product), np.nan)
        squared = s["sum_pp"] - 2 * s["sum_pt"] + s["sum_tt"]
        return {
            "crps": s["crps"] / n,
            "brier_zero": s["brier_zero"] / n,
            "mae": s["absolute_error"] / n,
            "r2": np.where(spread_t > 1e-9 * n, 1 - squared / spread_t, np.nan),
            "correlation": correlation,
            "coverage": s["covered"] / n,
            "width": s["width"] / n,
            "predicted": s["sum_mean"] / n,
            "found": s["sum_t"] / n,
        }


def skill_table(sums: DaySums, *, reference: str, resamples: int, seed: int) -> pd.DataFrame:
    """Measures of every method with 95 % intervals over resampled blocks of two days.

    Args:
        sums: Sums of `score_statistics`.
        reference: Method with which the others are compared: crps_skill = 1 − crps /
            crps(reference) and brier_zero_skill likewise, on the same windows and resampled
            days.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples, which are the same for all methods.

    Returns:
        `COLUMNS`; low and high are NaN with a single day.
    """
    rows = []
    for group in sums.groups():
        position = group.methods.index(reference)
        values = _with_skill(measures(group.total()), position)
        drawn = group.resampled(resamples=resamples, seed=seed)
        samples = _with_skill(measures(drawn), position)
        rows += [
            skill_row(
                group,
                method,
                measure,
                value=value[m],
                samples=samples[measure][:, m],
                n=group.sums[m, :, 0].sum(),
            )
            for m, method in enumerate(group.methods)
            for measure, value in values.items()
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _with_skill(values: dict[str, np.ndarray], reference: int) -> dict[str, np.ndarray]:
    """Measures (..., method) and the skills against the method at position `reference`."""
    with np.errstate(invalid="ignore", divide="ignore"):
        skills = {
            f"{name}_skill": 1 - values[name] / values[name][..., [reference]]
            for name in ("crps", "brier_zero")
        }
    return values | skills


def paired_table(
    sums: DaySums, *, splits: Collection[str], resamples: int, seed: int
) -> pd.DataFrame:
    """CRPS of every ordered pair of methods on the same windows and resampled blocks of two days.

    Args:
        sums: Sums of `score_statistics`.
        splits: Names of the groupings to compare in.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples.

    Returns:
        Columns method, other, split, group; skill = 1 − crps / crps(other), skill_low, skill_high;
        difference = crps − crps(other), low, high (95 % intervals); p, probability of a difference
        at least as large if there were none: twice the smaller share of the samples on one side of
        zero; days, n. Intervals and p are NaN with a single day.
    """
    rows = []
    for group in sums.groups():
        if group.split not in splits:
            continue
        values = measures(group.total())["crps"]
        samples = measures(group.resampled(resamples=resamples, seed=seed))["crps"]
        for m, o in permutations(range(len(group.methods)), 2):
            rows.append(_pair(group, (m, o), values[[m, o]], samples[:, [m, o]]))
    return pd.DataFrame(rows)


def _pair(
    group: GroupSums, pair: tuple[int, int], values: np.ndarray, samples: np.ndarray
) -> dict[str, object]:
    """Row of `paired_table`.

    Args:
        group: The group.
        pair: Positions of the method and of the other one.
        values: CRPS of both over all days, dims (2,).
        samples: CRPS of both over resampled days, dims (resample, 2).
    """
    days, resamples = len(group.days), len(samples)
    differences = samples[:, 0] - samples[:, 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        skill = 1 - values[0] / values[1]
        skill_low, skill_high = group.interval(1 - samples[:, 0] / samples[:, 1])
    low, high = group.interval(differences)
    smaller_side = min((differences <= 0).sum(), (differences >= 0).sum())
    several = len(set(group.blocks)) > 1
    p = min(2 * (smaller_side + 1) / (resamples + 1), 1.0) if several else np.nan
    return {
        "method": group.methods[pair[0]],
        "other": group.methods[pair[1]],
        "split": group.split,
        "group": group.group,
        "skill": skill,
        "skill_low": skill_low,
        "skill_high": skill_high,
        "difference": values[0] - values[1],
        "low": low,
        "high": high,
        "p": p,
        "days": days,
        "n": int(group.sums[pair[0], :, 0].sum()),
    }


def coverage_table(skill: pd.DataFrame, method: str) -> pd.DataFrame:
    """Coverage of the interval of one method: kind, group, coverage, low, high, width, n, days."""
    chosen = skill[(skill["method"] == method) & (skill["n"] > 0)]
    rows, width = (chosen[chosen["measure"] == name] for name in ("coverage", "width"))
    width = width[["split", "group", "value"]].rename(columns={"value": "width"})
    rows = rows.merge(width, on=["split", "group"])
    names = {"split": "kind", "value": "coverage"}
    columns = ["kind", "group", "coverage", "low", "high", "width", "n", "days"]
    return rows.rename(columns=names)[columns].reset_index(drop=True)


def share_table(sums: DaySums, *, resamples: int, seed: int) -> pd.DataFrame:
    """Shares of a total with 95 % intervals over resampled blocks of two days.

    Args:
        sums: Sums of one method and group: counts, and in the last column their total.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples.

    Returns:
        One row per count: share, low, high, n (the total), days.
    """
    rows = []
    for group in sums.groups():
        days, total = len(group.days), group.total()[0]
        drawn = group.resampled(resamples=resamples, seed=seed)[:, 0]
        for i, count in enumerate(total[:-1]):
            low, high = group.interval(drawn[:, i] / np.maximum(drawn[:, -1], 1))
            rows.append((count / max(total[-1], 1), low, high, int(total[-1]), days))
    return pd.DataFrame(rows, columns=["share", "low", "high", "n", "days"])
