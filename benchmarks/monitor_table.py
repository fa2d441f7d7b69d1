"""Rank correlations of the test without truth with the true score, from sums by world and box."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from rainscore.scores.bootstrap import interval
from rainscore.scores.localscore import (
    WindowMeans,
    amount_factor,
    local_score,
    place_factor,
    score_parts,
)

GROUP = ["world", "week", "box"]
TRUE, TRUE_CARRIED = "true score", "true score of carried rain"
RAIN, WET = "mean rain", "wet share"
TRUE_PLACE, TRUE_AMOUNT = "true place factor", "true amount factor"
TRUTHS = (TRUE, TRUE_CARRIED, TRUE_PLACE, TRUE_AMOUNT)
CONTROLS = [RAIN, WET]
MIN_VALID = 0.5
"""Minimum share of a box that the study grid covers."""

MIN_HALF_HOURS = 5.0
"""Minimum sum of the area shares of the passes of a week."""

TESTS = {
    "persisted": "carried rain",
    "moved": "carried rain, moved on",
    "persisted smooth": "carried rain, means of 5 × 5 cells",
    "moved smooth": "carried rain, moved on, means of 5 × 5 cells",
    "moved, exact pass": "carried rain, moved on, with passes without error",
}
"""Tests by kind of sums; the last one needs the truth."""


PLACE_TEST, AMOUNT_TEST = "place factor of the carried rain", "amount factor of the carried rain"
FACTOR_TESTS = (TESTS["persisted"], PLACE_TEST, AMOUNT_TEST)
"""Tests that are compared with the factors of the true score."""


def score_table(sums: pd.DataFrame, half_hours: int) -> pd.DataFrame:
    """Scores of each world, week and box with enough rain and passes.

    Args:
        sums: Sums by world, week, box and kind: fields of `WindowMeans`.
        half_hours: Number of half-hours of a week.
    """
    totals = sums.groupby(["kind", *GROUP])[list(WindowMeans._fields)].sum()
    by_kind = {kind: totals.xs(kind) for kind in totals.index.unique("kind")}
    index = by_kind["true"].index
    means = {kind: WindowMeans(*rows.reindex(index).to_numpy().T) for kind, rows in by_kind.items()}
    early = means["true"]
    table = pd.DataFrame(
        {
            TRUE: local_score(score_parts("affinity", early)),
            TRUE_CARRIED: local_score(score_parts("affinity", means["true carried"])),
            TRUE_PLACE: place_factor(early),
            TRUE_AMOUNT: amount_factor(early),
            RAIN: (early.hit + early.false) / early.valid,
            WET: early.imerg_wet / early.valid,
        },
        index=index,
    )
    for kind, name in TESTS.items():
        table[name] = local_score(score_parts("affinity", means[kind]))
    table[PLACE_TEST] = place_factor(means["persisted"])
    table[AMOUNT_TEST] = amount_factor(means["persisted"])
    enough = (early.valid >= MIN_VALID * half_hours) & (means["moved"].valid >= MIN_HALF_HOURS)
    return table[enough].dropna()


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Rank correlation."""
    return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])


def partial(x: np.ndarray, y: np.ndarray, controls: np.ndarray) -> float:
    """Rank correlation after linear regression of all ranks on the ranks of controls (n, k)."""
    design = np.column_stack([np.ones(len(x)), *(rankdata(c) for c in controls.T)])
    ranks = np.column_stack([rankdata(x), rankdata(y)])
    residuals = ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0]
    return float(np.corrcoef(residuals.T)[0, 1])


def other_worlds(
    table: pd.DataFrame, learn: pd.DataFrame, names: list[str], truth: str
) -> np.ndarray:
    """Prediction of the true score of each row by linear regression fitted in other worlds.

    Args:
        table: Rows to predict.
        learn: Rows of the fit, without those of the world to predict.
        names: Predictors; the mean rain enters as its logarithm, the wet share as its square root.
        truth: True score.
    """
    design, known = _design(table, names), _design(learn, names)
    fitted = learn.index.get_level_values("world").to_numpy()
    worlds = table.index.get_level_values("world").to_numpy()
    prediction = np.empty(len(table))
    for world in np.unique(worlds):
        used = fitted != world
        fit = np.linalg.lstsq(known[used], learn[truth].to_numpy()[used], rcond=None)[0]
        prediction[worlds == world] = design[worlds == world] @ fit
    return prediction


def _design(table: pd.DataFrame, names: list[str]) -> np.ndarray:
    """Predictors of a linear regression, dims (row, 1 + name)."""
    predictors = table[names].to_numpy(np.float64, copy=True)
    for i, name in enumerate(names):
        if name == RAIN:
            predictors[:, i] = np.log(predictors[:, i] + 1e-3)
        if name == WET:
            predictors[:, i] = np.sqrt(predictors[:, i])
    return np.column_stack([np.ones(len(table)), predictors])


def measures(table: pd.DataFrame, test: str, truth: str) -> dict[str, float]:
    """Measures of one test against one true score; columns `alone` and `with` are predictions."""
    x, y = table[test].to_numpy(), table[truth].to_numpy()
    world = table.groupby("copy")
    centred = table[[test, truth]] - world[[test, truth]].transform("mean")
    means = world[[test, truth]].mean()
    regression = spearman(table["alone"].to_numpy(), y)
    both = spearman(table["with"].to_numpy(), y)
    rival = spearman(table[RAIN].to_numpy(), y)
    return {
        "rank correlation": spearman(x, y),
        "within worlds": spearman(centred[test].to_numpy(), centred[truth].to_numpy()),
        "between worlds": spearman(means[test].to_numpy(), means[truth].to_numpy()),
        "given rain and wet share": partial(x, y, table[CONTROLS].to_numpy()),
        "less that of mean rain": spearman(x, y) - rival,
        "regression on rain": regression,
        "regression on rain and test": both,
        "gain by the test": both - regression,
    }


def correlations(
    table: pd.DataFrame, learn: pd.DataFrame, *, resamples: int, seed: int
) -> pd.DataFrame:
    """Measures of all tests with 95 % intervals from resampled worlds.

    Args:
        table: Scores (`score_table`).
        learn: Scores in which the regressions are fitted, without those of the same world.
        resamples: Number of bootstrap samples of worlds.
        seed: Random seed of the samples.
    """
    rng = np.random.default_rng(seed)
    worlds = table.index.unique("world").to_numpy()
    draws = [worlds, *(rng.choice(worlds, worlds.size) for _ in range(resamples))]
    rows = []
    for truth in TRUTHS:
        alone = other_worlds(table, learn, CONTROLS, truth)
        tests = [c for c in table if c not in TRUTHS]
        for test in tests if truth in (TRUE, TRUE_CARRIED) else FACTOR_TESTS:
            with_test = other_worlds(table, learn, [*dict.fromkeys([*CONTROLS, test])], truth)
            full = table.assign(alone=alone, **{"with": with_test})
            parts = {w: full.xs(w, level="world", drop_level=False) for w in worlds}
            samples = pd.DataFrame(measures(_drawn(parts, draw), test, truth) for draw in draws)
            for name, values in samples.items():
                low, high = interval(values.to_numpy()[1:], worlds.size)
                rows.append((truth, test, name, values[0], low, high, len(table), worlds.size))
    columns = ["truth", "test", "measure", "value", "low", "high", "n", "worlds"]
    return pd.DataFrame(rows, columns=columns)


def _drawn(parts: dict, draw: np.ndarray) -> pd.DataFrame:
    """Rows of the drawn worlds; `copy` numbers the draws."""
    return pd.concat([parts[world].assign(copy=i) for i, world in enumerate(draw)])
