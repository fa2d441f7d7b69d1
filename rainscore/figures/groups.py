"""Scores by group, from additive sums, with intervals over days."""

import numpy as np
import pandas as pd


def score_by(rows: pd.DataFrame, by: list[str], *, resamples: int, seed: int) -> pd.DataFrame:
    """Score of each group, with a 95 % interval from resampling days.

    Args:
        rows: Columns time, `score_numerator`, `score_denominator`, and those of
            `by`; any number of rows a map. Rows without a score (a sum missing, or zero below)
            are left out.
        by: Columns that form the groups.
        resamples: Bootstrap samples; whole days are drawn, since half-hours are not independent.
        seed: Of the samples.

    Returns:
        One row a group: `by`, value (1 − Σ numerator / Σ denominator), low, high, n (rows), days.
        The interval of a group of one day is NaN.
    """
    sums = ["score_numerator", "score_denominator"]
    rows = rows[rows["score_denominator"] > 0].dropna(subset=sums)
    table: list[tuple] = []
    for group, part in rows.groupby(by, sort=True, observed=True):
        days = part.groupby(part["time"].dt.normalize())[sums].sum().to_numpy()
        rng = np.random.default_rng([seed, len(table)])
        weights = rng.multinomial(len(days), np.full(len(days), 1 / len(days)), resamples)
        total, drawn = days.sum(axis=0), weights @ days
        value, values = 1 - total[0] / total[1], 1 - drawn[:, 0] / drawn[:, 1]
        low, high = np.percentile(values, [2.5, 97.5]) if len(days) > 1 else (np.nan, np.nan)
        table.append((*group, value, low, high, len(part), len(days)))
    return pd.DataFrame(table, columns=[*by, "value", "low", "high", "n", "days"])
