"""Skill stratified by condition, with intervals over days."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from rainscore.analysis.classes import UNKNOWN
from rainscore.analysis.conditions import season
from rainscore.analysis.tabulation import SUMS
from rainscore.errors import RainscoreError
from rainscore.scores.bootstrap import day_weights, measured
from rainscore.scores.categorical import (
    Contingency,
    csi,
    ets,
    far,
    hk,
    hss,
    mcc,
    pod,
    pofd,
    sedi,
)
from rainscore.scores.continuous import (
    Moments,
    cc,
    kge,
    mae,
    mean_error,
    nrmse,
    relative_bias,
    rmse,
)
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
"""Groupings of the table: all together, by one condition, and by two conditions."""


DIMENSIONS = sorted({name for grouping in GROUPINGS for name in grouping})
"""Conditions that occur in the groupings; each is a column of the table."""


def skill_measures(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Compute the measures of skill from sums.

    Args:
        sums: Sums of `tabulation.SUMS`, in that order, dims (..., sum).

    Returns:
        Measures by name, dims (...): means, mean error, mae and rmse in mm/h, the others without
        unit. `score` (local score of the run) and `fss` are 1 − Σ numerator / Σ denominator over
        windows, the others are taken over cells.
    """
    parts = dict(zip(SUMS, np.moveaxis(sums, -1, 0), strict=True))
    moments = Moments(*(parts[name] for name in Moments._fields))
    counts = Contingency(*(parts[name] for name in Contingency._fields))
    return {
        "imerg_mean": ratio(moments.sum_imerg, moments.n),
        "radar_mean": ratio(moments.sum_radar, moments.n),
        "mean_error": mean_error(moments),
        "bias": relative_bias(moments),
        "mae": mae(moments),
        "rmse": rmse(moments),
        "nrmse": nrmse(moments),
        "cc": cc(moments),
        "kge": kge(moments),
        "pod": pod(counts),
        "far": far(counts),
        "csi": csi(counts),
        "hss": hss(counts),
        "pofd": pofd(counts),
        "ets": ets(counts),
        "hk": hk(counts),
        "sedi": sedi(counts),
        "mcc": mcc(counts),
        "score": 1 - ratio(parts["score_numerator"], parts["score_denominator"]),
        "fss": 1 - ratio(parts["fss_numerator"], parts["fss_denominator"]),
    }


def with_context(
    table: pd.DataFrame, regimes: pd.DataFrame, clusters: pd.DataFrame
) -> pd.DataFrame:
    """Add the conditions that depend on the time only: season, month, hour, regime and cluster.

    Args:
        table: Sums of a month by condition (`condition_sums`).
        regimes: Weather regime of each half-hour (time, regime); missing where unknown.
        clusters: Cluster of each half-hour (time, cluster); −1 for maps with too little rain.

    Returns:
        The table with the columns day, season, month, hour (UTC), regime and cluster.
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
    """Compute the skill of each class of each grouping, with 95 % intervals over days.

    Args:
        months: Tables of `with_context`; one is held in memory at a time.
        resamples: Number of bootstrap samples of days.
        seed: Random seed; all groups use the same samples of days.
        groupings: Conditions to group by; () for all together.

    Returns:
        One row per grouping, class and measure: grouping (such as `source × last`, or `all`), one
        column per condition (missing if not in the grouping), measure, value, low, high, n
        (number of cells), windows, days.

    Raises:
        RainscoreError: IMERG and the radar have no valid cell in common.
    """
    daily = _daily_sums(months, groupings)
    if all(part.empty for part in daily.values()):
        raise RainscoreError(
            "descriptive analysis: IMERG and the radar have no cell and half-hour in common; see "
            "results/data/availability.parquet, and check that the radar covers the domain"
        )
    days = pd.DatetimeIndex(sorted({day for part in daily.values() for day in part["day"]}))
    weights = day_weights(days.size, resamples=resamples, seed=seed)
    tables = []
    for grouping, sums in daily.items():
        by = list(grouping) or ["grouping"]
        name = " × ".join(grouping) or "all"
        sums = sums.assign(grouping=name)
        skill = measured(sums, by, list(SUMS), skill_measures, days=days, weights=weights)
        sizes = sums.groupby(by, observed=True)[["n", "windows"]].sum().reset_index()
        skill = skill.merge(sizes, on=by).assign(grouping=name)
        skill[list(grouping)] = skill[list(grouping)].astype(str)
        tables.append(skill)
    table = pd.concat(tables, ignore_index=True)
    columns = ["grouping", *DIMENSIONS, "measure", "value", "low", "high", "n", "windows", "days"]
    return table.reindex(columns=columns).astype(dict.fromkeys(DIMENSIONS, "string"))


def _daily_sums(
    months: Iterable[pd.DataFrame], groupings: Sequence[tuple[str, ...]]
) -> dict[tuple[str, ...], pd.DataFrame]:
    """Sums of each grouping by class and day; one month is held in memory at a time."""
    parts: dict[tuple[str, ...], list[pd.DataFrame]] = {grouping: [] for grouping in groupings}
    for month in months:
        for grouping, tables in parts.items():
            by = [*grouping, "day"]
            tables.append(month.groupby(by, observed=True)[list(SUMS)].sum().reset_index())
    return {grouping: pd.concat(tables, ignore_index=True) for grouping, tables in parts.items()}
