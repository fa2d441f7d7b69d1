"""Skill stratified by condition: functions of the sums of the months, with intervals over days."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from rainscore.analysis.conditions import season
from rainscore.analysis.tabulation import SUMS
from rainscore.errors import RainscoreError
from rainscore.scores.bootstrap import day_weights, measured
from rainscore.scores.categorical import Contingency, csi, far, hss, pod
from rainscore.scores.continuous import Moments, cc, nrmse, relative_bias, rmse
from rainscore.scores.sums import ratio

GROUPINGS: tuple[tuple[str, ...], ...] = (
    (),
    ("source",),
    ("sensor",),
    ("last",),
    ("next",),
    ("season",),
    ("month",),
    ("hour",),
    ("intensity",),
    ("regime",),
    ("cluster",),
    ("sensor", "last"),
    ("source", "last"),
    ("last", "next"),
    ("season", "hour"),
    ("source", "season"),
    ("source", "intensity"),
    ("source", "regime"),
    ("source", "cluster"),
)
"""Conditions by which skill is told, alone and two by two."""


DIMENSIONS = sorted({name for grouping in GROUPINGS for name in grouping})


UNKNOWN = "unknown"


def skill(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Measures from sums (..., `SUMS`): rates and errors in mm/h, the others without unit.

    `score` is the project's, 1 − Σ numerator / Σ denominator, and `fss` the fractions skill score,
    both over windows; the others are of cells.
    """
    parts = dict(zip(SUMS, np.moveaxis(sums, -1, 0), strict=True))
    moments = Moments(*(parts[name] for name in Moments._fields))
    counts = Contingency(*(parts[name] for name in Contingency._fields))
    return {
        "imerg_mean": ratio(moments.sum_imerg, moments.n),
        "radar_mean": ratio(moments.sum_radar, moments.n),
        "bias": relative_bias(moments),
        "rmse": rmse(moments),
        "nrmse": nrmse(moments),
        "cc": cc(moments),
        "pod": pod(counts),
        "far": far(counts),
        "csi": csi(counts),
        "hss": hss(counts),
        "score": 1 - ratio(parts["score_numerator"], parts["score_denominator"]),
        "fss": 1 - ratio(parts["fss_numerator"], parts["fss_denominator"]),
    }


def with_context(
    table: pd.DataFrame, regimes: pd.DataFrame, clusters: pd.DataFrame
) -> pd.DataFrame:
    """Add what follows from the time of a row: day, season, month, hour (UTC), regime, cluster.

    Args:
        table: A month's `condition_sums`.
        regimes: time, regime; missing where the regime is not known.
        clusters: time, cluster; −1 is too little rain.
    """
    time = table["time"]
    regime = time.map(regimes.set_index("time")["regime"]).astype(object)
    cluster = time.map(clusters.set_index("time")["cluster"].astype(str)).astype(object)
    return table.assign(
        day=time.dt.normalize(),
        season=season(time),
        month=time.dt.month,
        hour=time.dt.hour,
        regime=regime.where(regime.notna(), UNKNOWN),
        cluster=cluster.where(cluster.notna(), UNKNOWN),
    )


def stratify_skill(
    months: Iterable[pd.DataFrame],
    *,
    resamples: int,
    seed: int,
    groupings: Sequence[tuple[str, ...]] = GROUPINGS,
) -> pd.DataFrame:
    """Skill of each class of each grouping, with 95 % intervals from resampling days.

    Args:
        months: Tables of `with_context`, read one at a time.
        resamples: Bootstrap samples.
        seed: Of the samples; the same samples of days serve all groups.
        groupings: Conditions to group by; () is everything together.

    Returns:
        One row for each grouping, class and measure: grouping (`source × last`, or `all`), a
        column for each condition (text, missing where it does not group), measure, value, low,
        high, n (cells), windows, days.

    Raises:
        RainscoreError: The months hold nothing that both products saw.
    """
    daily = _daily_sums(months, groupings)
    if all(part.empty for part in daily.values()):
        raise RainscoreError(
            "descriptive analysis: IMERG and the radar have no cell and half-hour in common; see "
            "results/data/availability.parquet, and whether the radar covers the domain"
        )
    days = pd.DatetimeIndex(sorted({day for part in daily.values() for day in part["day"]}))
    weights = day_weights(days.size, resamples=resamples, seed=seed)
    tables = []
    for grouping, sums in daily.items():
        by = list(grouping) or ["grouping"]
        name = " × ".join(grouping) or "all"
        sums = sums.assign(grouping=name)
        found = measured(sums, by, list(SUMS), skill, days=days, weights=weights)
        sizes = sums.groupby(by, observed=True)[["n", "windows"]].sum().reset_index()
        found = found.merge(sizes, on=by).assign(grouping=name)
        found[list(grouping)] = found[list(grouping)].astype(str)
        tables.append(found)
    table = pd.concat(tables, ignore_index=True)
    columns = ["grouping", *DIMENSIONS, "measure", "value", "low", "high", "n", "windows", "days"]
    return table.reindex(columns=columns).astype(dict.fromkeys(DIMENSIONS, "string"))


def _daily_sums(
    months: Iterable[pd.DataFrame], groupings: Sequence[tuple[str, ...]]
) -> dict[tuple[str, ...], pd.DataFrame]:
    """Sums of each grouping by class and day; no more than one month is held in full."""
    parts: dict[tuple[str, ...], list[pd.DataFrame]] = {grouping: [] for grouping in groupings}
    for month in months:
        for grouping, tables in parts.items():
            by = [*grouping, "day"]
            tables.append(month.groupby(by, observed=True)[list(SUMS)].sum().reset_index())
    return {grouping: pd.concat(tables, ignore_index=True) for grouping, tables in parts.items()}
