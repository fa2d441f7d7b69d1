"""Measures of pairs of scored maps and gauges, with 95 % intervals over resampled days."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from rainscore.evaluation.ranks import PREDICTED_BINS, SCORE_BINS, rank_bins, spearman
from rainscore.scores.bootstrap import day_weights, interval, measured
from rainscore.scores.sums import ratio

PREDICTED = "predicted score"
RIVALS = {"IMERG rate": "imerg", "wet share": "wet_share"}
"""Simple predictors of the agreement, and their columns."""

FIFTHS = 5

RANK_MEASURES = ("rank correlation", "rank correlation, predicted score minus")
"""Names of the rank correlation of a predictor and of the difference to the predicted score."""

IMERG_WET, EITHER_WET, IMERG_DRY = "IMERG wet", "either wet", "IMERG dry"
"""Names of the samples: wet in IMERG at the gauge; wet in IMERG or the gauge; dry in IMERG in all
windows around the gauge."""

SUMS = ["n", "predicted", "agreements", "gauge_wet", "imerg", "gauge", "overlap"]
"""Sums that the measures are functions of: number, predicted values, agreements, accumulations
with a wet gauge, rates, and √(f·o)."""


def samples_of(pairs: pd.DataFrame, wet_threshold: float) -> Iterator[tuple[str, pd.DataFrame]]:
    """Pairs with a predicted score: those where IMERG is wet at the gauge, and those where IMERG
    or the gauge is wet.

    The first does not depend on the observation. IMERG is dry at the gauge but wet near it in the
    further pairs of the second; those that the gauge finds dry as well have no agreement.
    """
    defined = pairs["score"].notna() & pairs["agreement"].notna()
    imerg, gauge = (pairs[name] >= wet_threshold for name in ("imerg", "gauge"))
    yield IMERG_WET, pairs[defined & imerg]
    yield EITHER_WET, pairs[defined & (imerg | gauge)]


def rank_correlations(
    pairs: pd.DataFrame,
    further: Sequence[str],
    *,
    wet_threshold: float,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Spearman's rank correlation of each predictor with the observed agreement, and differences.

    Ranks are those of the whole sample, in 64 × 16 classes of equal size; resampled days share
    their draws among the predictors, so differences are paired.

    Args:
        pairs: Table of `gaugepairs.gauge_pairs`.
        further: Further predictors, columns of the pairs; pairs without one of them are left out.
        wet_threshold: Rates at or above it are wet [mm/h].
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples.

    Returns:
        sample, measure, method, value, low, high, days, n.
    """
    columns = {PREDICTED: "score", **RIVALS, **{name: name for name in further}}
    rows: list[dict[str, Any]] = []
    for sample, part in samples_of(pairs, wet_threshold):
        complete = part[part[list(columns.values())].notna().all(axis=1)]
        day, days = _days(complete)
        weights = day_weights(len(days), resamples=resamples, seed=seed)
        basis = {"sample": sample, "days": len(days), "n": len(complete)}
        values = {}
        for method, column in columns.items():
            counts = _joint_counts(complete[column], complete["agreement"], day, len(days))
            drawn = spearman((weights @ counts).reshape(-1, PREDICTED_BINS, SCORE_BINS))
            total = spearman(counts.sum(axis=0).reshape(PREDICTED_BINS, SCORE_BINS))
            values[method] = float(total), drawn
            rows.append(_row(basis, RANK_MEASURES[0], method, *values[method]))
        best, best_drawn = values.pop(PREDICTED)
        for method, (value, drawn) in values.items():
            rows.append(_row(basis, RANK_MEASURES[1], method, best - value, best_drawn - drawn))
    return pd.DataFrame(rows)


def overall(
    pairs: pd.DataFrame, *, wet_threshold: float, resamples: int, seed: int
) -> pd.DataFrame:
    """Agreement, bias and share of wet gauges of all pairs of each sample.

    Returns:
        sample, measure, method (empty), value, low, high, days, n.
    """
    parts = [
        part.assign(sample=sample, predicted=part["score"])
        for sample, part in samples_of(pairs, wet_threshold)
    ]
    rows = _measures(pd.concat(parts), ["sample"], wet_threshold, resamples=resamples, seed=seed)
    return rows.assign(method="")


def by_fifth(
    pairs: pd.DataFrame, *, wet_threshold: float, resamples: int, seed: int
) -> pd.DataFrame:
    """Measures by fifth of the predicted score, and of the probability of hidden rain.

    Args:
        pairs: Table of `gaugepairs.gauge_pairs`.
        wet_threshold: Rates at or above it are wet [mm/h].
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples.

    Returns:
        sample (those of `samples_of`; `IMERG dry`: dry in all windows, by probability), fifth (1:
        lowest), predicted (mean), measure, value, low, high, days, n.
    """
    parts = [
        part.assign(sample=sample, predicted=part["score"], fifth=_fifth(part["score"]))
        for sample, part in samples_of(pairs, wet_threshold)
    ]
    dry = pairs[pairs["hidden_rain_probability"].notna()]
    probability = dry["hidden_rain_probability"]
    dry = dry.assign(sample=IMERG_DRY, predicted=probability, fifth=_fifth(probability))
    by = ["sample", "fifth"]
    draws = {"resamples": resamples, "seed": seed}
    wet_rows = _measures(pd.concat(parts), by, wet_threshold, **draws)
    dry_rows = _measures(dry, by, wet_threshold, **draws)
    return pd.concat(
        [wet_rows, dry_rows[dry_rows["measure"].isin(["predicted", "gauge wet"])]],
        ignore_index=True,
    )


def by_station(
    pairs: pd.DataFrame,
    stations: pd.DataFrame,
    *,
    wet_threshold: float,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Measures by station where IMERG or the gauge is wet.

    Returns:
        station, longitude, latitude, measure, value, low, high, days, n.
    """
    (_, _), (_, part) = samples_of(pairs, wet_threshold)
    part = part.assign(predicted=part["score"])
    rows = _measures(part, ["station"], wet_threshold, resamples=resamples, seed=seed)
    return stations.merge(rows, on="station")


def _measures(
    pairs: pd.DataFrame, by: list[str], wet_threshold: float, *, resamples: int, seed: int
) -> pd.DataFrame:
    """Measures of groups of pairs, one row per group and measure, with the number of pairs."""
    f, o = pairs["imerg"], pairs["gauge"]
    rows = pairs.assign(
        day=pairs["start"].dt.normalize(),
        n=1.0,
        agreements=pairs["agreement"].fillna(0),
        gauge_wet=(o >= wet_threshold).astype(float),
        overlap=np.sqrt(f * o),
    )
    sums = rows.groupby([*by, "day"], as_index=False)[SUMS].sum()
    days = pd.DatetimeIndex(np.sort(sums["day"].unique()))
    if sums.empty:
        return pd.DataFrame(columns=[*by, "measure", "value", "low", "high", "days", "n"])
    weights = day_weights(len(days), resamples=resamples, seed=seed)
    table = measured(sums, by, SUMS, _functions, days=days, weights=weights)
    counts = rows.groupby(by).size().rename("n").reset_index()
    return table.merge(counts, on=by)


def _functions(sums: np.ndarray) -> Mapping[str, np.ndarray]:
    """Measures of sums, dims (..., `SUMS`)."""
    n, predicted, agreements, gauge_wet, f, o, overlap = np.moveaxis(sums, -1, 0)
    return {
        "predicted": ratio(predicted, n),
        "mean agreement": ratio(agreements, n),
        "affinity": ratio(2 * overlap, f + o),
        "gauge wet": ratio(gauge_wet, n),
        "relative bias": ratio(f, o) - 1,
    }


def _fifth(values: pd.Series) -> np.ndarray:
    """Fifth of each value, 1 for the lowest; equal values are in one fifth."""
    return np.minimum((_rank_share(values) * FIFTHS).astype(int), FIFTHS - 1) + 1


def _rank_share(values: pd.Series) -> np.ndarray:
    """Mean rank of each value as a share of the sample, in (0, 1)."""
    return (rankdata(values) - 0.5) / max(len(values), 1)


def _joint_counts(
    predictor: pd.Series, agreement: pd.Series, day: np.ndarray, days: int
) -> np.ndarray:
    """Counts by day and joint class of the ranks, dims (day, class)."""
    bins = rank_bins(_rank_share(predictor), _rank_share(agreement))
    counts = np.zeros((days, PREDICTED_BINS * SCORE_BINS))
    np.add.at(counts, (day, bins), 1)
    return counts


def _days(pairs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Number of the day of each pair, and the days in order."""
    days, index = np.unique(pairs["start"].to_numpy().astype("datetime64[D]"), return_inverse=True)
    return index, days


def _row(
    basis: Mapping[str, Any], measure: str, method: str, value: float, drawn: np.ndarray
) -> dict[str, Any]:
    low, high = interval(drawn, basis["days"])
    return {
        **basis,
        "measure": measure,
        "method": method,
        "value": value,
        "low": low,
        "high": high,
    }
