"""A simulated year: how much it rains when, and how well each run of IMERG sees it."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rainscore.figures.style import figure, styled
from rainscore.world.year import SEASONS

SHADES = ("#0072b2", "#009e73", "#d55e00", "#cc79a7")


@styled
def plot_year(table: pd.DataFrame, *, period: str, world: str) -> Figure:
    """Rain of the months, daily cycle of the seasons, correlation by the age of the last pass.

    Args:
        table: Rows of `rainscore.world.targets` and `rainscore.world.year`.
        period: In words.
        world: 'simulated' or 'real'.
    """
    title = "A year of rain, and of IMERG"
    subtitle = f"{period}; mean of the box; IMERG at 0.1° and 30 min against the rain itself"
    fig = figure(10, 3.6, title=title, subtitle=subtitle, world=world)
    left, middle, right = fig.subplots(1, 3)
    whole = table[table["regime"] == "all"]
    radar = whole[whole["product"] == "radar"].set_index("quantity")["simulated"]
    _months(left, radar[radar.index.str.startswith("rain of 2")])
    _days(middle, radar)
    _ages(right, whole[whole["quantity"].str.endswith("h from a pass")])
    return fig


def _months(ax: Axes, rain: pd.Series) -> None:
    ax.bar(rain.index.str.slice(13, 15), rain, color=SHADES[0])
    ax.set(title="Rain of each month", xlabel="month", ylabel="rain [mm]")


def _days(ax: Axes, radar: pd.Series) -> None:
    for season, shade in zip(SEASONS, SHADES, strict=True):
        cycle = radar[radar.index.str.startswith(f"{season}: rain from")]
        if len(cycle):
            ax.plot(np.arange(8) * 3 + 1.5, cycle, "o-", ms=3, color=shade, label=season)
    ax.set(title="Daily cycle", xlabel="hour of the day [UTC]", ylabel="ratio to the mean [1]")
    ax.set(xticks=range(0, 25, 6), ylim=(0, None))
    ax.legend(ncols=2)


def _ages(ax: Axes, rows: pd.DataFrame) -> None:
    for run, shade in zip(("final", "late", "early"), SHADES, strict=False):
        of_run = rows[rows["product"] == run]
        ages = of_run["quantity"].str.split().str[1].astype(float)
        dashes = "--" if run == "late" else "-"
        if len(ages):
            ax.plot(ages, of_run["simulated"], f"o{dashes}", ms=4, color=shade, label=run)
    ax.set(title="Correlation with the rain", ylabel="CC [1]", ylim=(0, None))
    ax.set(xlabel="time to the nearest pass it knows [h]")
    ax.legend()
