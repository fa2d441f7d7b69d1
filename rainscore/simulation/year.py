"""Yearly and daily cycle of the simulated rain, from the sums of single months."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from rainscore.simulation.diagnostics import ALL
from rainscore.simulation.published import COLUMNS, Target
from rainscore.times import SEASONS, season_of

SUMMER_PEAK = Target(15.0, 18.0)
"""Hours (UTC) between which most summer rain of France falls, by a forecaster's word."""


def cycle_table(months: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Rain of each month, and the daily cycle of each season.

    Args:
        months: Sums of each month (`rainscore.world.diagnostics`), by its name such as "2018-01".

    Returns:
        As `rainscore.world.targets.rain_table`: the mean rain of each month over the box, the rain
        of each three hours of the day as a ratio to the season's mean, and the middle of the three
        hours in which most summer rain falls.
    """
    rows = [*_months(months), *_seasons(months)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _months(months: dict[str, pd.DataFrame]) -> Iterator[tuple]:
    for month, sums in months.items():
        hours = pd.Period(month).days_in_month * 24
        value = hours * float(_mean(sums, "rain [mm/h]"))
        yield f"rain of {month} [mm]", "radar", ALL, value, *Target(), np.nan


def _seasons(months: dict[str, pd.DataFrame]) -> Iterator[tuple]:
    for season in SEASONS:
        parts = [sums for month, sums in months.items() if season_of(int(month[5:])) == season]
        if not parts:
            continue
        sums = pd.concat(parts)
        cycle = {h: float(_mean(sums, f"rain [mm/h] from {h:02d} UTC")) for h in range(0, 24, 3)}
        mean = float(_mean(sums, "rain [mm/h]"))
        for hour, rate in cycle.items():
            name = f"{season}: rain from {hour:02d} UTC, ratio to the mean"
            yield name, "radar", ALL, rate / mean, *Target(), np.nan
        if season == "JJA":
            peak = max(cycle, key=lambda hour: cycle[hour]) + 1.5
            yield "hour of most summer rain [UTC]", "radar", ALL, peak, *SUMMER_PEAK, np.nan


def _mean(sums: pd.DataFrame, quantity: str) -> float:
    rows = sums[(sums["product"] == "radar") & (sums["quantity"] == quantity)]
    return rows["total"].sum() / rows["weight"].sum()
