"""Sample of a run: numbers of scored maps and days, period, and world."""

from dataclasses import dataclass

import pandas as pd

from rainscore.report.numbers import count


@dataclass(frozen=True)
class RunSample:
    """Sample of a run, stated in its figures and tables.

    Attributes:
        maps: Number of half-hours with a map score.
        days: Number of days with a map score.
        period: First and last day, such as '2019-01-01 to 2019-10-06, 4 months'.
        world: 'simulated', 'hourly' (a real radar with hourly sums) or 'real'.
    """

    maps: int
    days: int
    period: str
    world: str

    @property
    def text(self) -> str:
        """Numbers of maps and days as text."""
        return f"{count(self.maps)} maps, {self.days} days"


def run_sample(table: pd.DataFrame, *, world: str) -> RunSample:
    """Return the sample of a run.

    Args:
        table: Score tables of all months, one row per half-hour: time (UTC), map_score.
        world: 'simulated' or 'real'.
    """
    scored = table[table["map_score"].notna()]
    months = table["time"].dt.to_period("M").nunique()
    period = period_text(table["time"].min(), table["time"].max(), months)
    return RunSample(len(scored), scored["time"].dt.normalize().nunique(), period, world)


def period_text(first: pd.Timestamp, last: pd.Timestamp, months: int) -> str:
    """Return the first and last day as text, with the number of months if there are several."""
    days = f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
    return f"{days}, {months} months" if months > 1 else days
