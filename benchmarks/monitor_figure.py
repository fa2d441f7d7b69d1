"""Figure of the evidence of `monitor_evidence.py`."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from monitor_table import RAIN, TRUE

from rainscore.report.figures.style import colour, figure, intervals, styled

TEST = "carried rain"
BARS = {
    (TEST, "rank correlation"): "agreement, all",
    (TEST, "within worlds"): "agreement, within worlds",
    (TEST, "between worlds"): "agreement, means of worlds",
    (TEST, "given rain and wet share"): "agreement, given rain and wet share",
    (RAIN, "rank correlation"): "mean rain alone",
    (TEST, "regression on rain"): "rain and wet share, other worlds",
    (TEST, "regression on rain and test"): "the same with the agreement",
}
"""Test and measure of each bar, and its label."""


@styled
def plot_evidence(boxes: pd.DataFrame, table: pd.DataFrame) -> Figure:
    """Draw the true score of each box and week against the agreement, and rank correlations.

    Args:
        boxes: Scores (`monitor_table.score_table`) with the column `ranges`.
        table: Measures (`monitor_table.correlations`) with the column `ranges`.
    """
    worlds = boxes.groupby("ranges")["world"].nunique()
    subtitle = (
        f"{len(boxes)} boxes of 2.5° and weeks in {worlds.sum()} worlds; Early\n"
        "bars: 95 % interval from resampled worlds"
    )
    title = "Agreement of carried rain with the next pass, and true score"
    fig = figure(12, 5.2, title=title, subtitle=subtitle, world="simulated")
    left, right = fig.subplots(1, 2, width_ratios=[1, 1.25])
    for i, (ranges, part) in enumerate(boxes.groupby("ranges")):
        label = f"{ranges} ranges, {worlds[ranges]} worlds"
        left.scatter(part[TEST], part[TRUE], s=9, color=colour(i), alpha=0.6, label=label)
        _bars(right, table[(table["ranges"] == ranges) & (table["truth"] == TRUE)], i)
    left.set(xlabel="agreement with the next pass [1]", ylabel="true score of Early [1]")
    left.legend(loc="upper left")
    left.set_title("By box and week")
    right.set_yticks([-i for i in range(len(BARS))], list(BARS.values()))
    right.set(xlabel="rank correlation with the true score [1]", xlim=(0, 1))
    right.grid(axis="x")
    right.set_title("Rank correlations")
    return fig


def _bars(ax: Axes, table: pd.DataFrame, number: int) -> None:
    """Draw the measures of one group of worlds."""
    rows = table.set_index(["test", "measure"]).loc[list(BARS)].reset_index()
    heights = -pd.RangeIndex(len(rows)).to_numpy() - 0.2 * (number - 0.5)
    intervals(ax, heights, rows, across=True, color=colour(number))
