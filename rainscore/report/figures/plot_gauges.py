"""Figure of the verification of scored maps with rain gauges."""

import numpy as np
import pandas as pd
import pyproj
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rainscore.evaluation.gaugemeasures import IMERG_DRY, IMERG_WET, PREDICTED, RANK_MEASURES
from rainscore.evaluation.gaugeverification import Verification
from rainscore.grids import Grid
from rainscore.report.figures.mapaxes import aspect, colours, paint
from rainscore.report.figures.style import (
    colour,
    figure,
    intervals,
    sample_text,
    styled,
    without_data,
)
from rainscore.report.numbers import count

BY_FIFTH = {
    "mean agreement": "mean agreement of single gauges",
    "affinity": "affinity of the sums",
    "gauge wet": "share of wet gauges",
}
"""Measures by fifth of the predicted score, and their labels."""


@styled
def plot_gauges(result: Verification) -> Figure:
    """Draw agreement by predicted score, rank correlations, hidden rain, lag and stations.

    Args:
        result: The verification.
    """
    pairs = result.pairs
    first, last = pairs["start"].min(), pairs["start"].max()
    grid = Grid.from_json(pairs.attrs["grid"])
    main = result.measures[result.measures["sample"] == IMERG_WET]
    days, n = (int(main[name].max()) if len(main) else 0 for name in ("days", "n"))
    sample = sample_text(n, "accumulations with rain in IMERG", days, f"{first:%Y-%m-%d} to")
    subtitle = (
        f"{sample} {last:%Y-%m-%d}; {pairs['station'].nunique()} gauges, "
        f"{pairs.attrs['period_minutes']} min; IMERG {pairs.attrs['version']}, model trained on "
        f"{pairs.attrs['trained_on']}\nbars: 95 % interval from resampled days"
    )
    title = "Predicted score compared with rain gauges"
    fig = figure(13, 8.4, title=title, subtitle=subtitle, world="real")
    if not n:
        return without_data(fig, "IMERG has no rain at any gauge")
    axes = fig.subplots(2, 3, width_ratios=[1, 1, max(1, 1 / aspect(grid))]).ravel()
    _by_fifth(axes[0], result.fifths)
    _methods(axes[1], main[main["measure"] == RANK_MEASURES[0]], "Rank correlation with agreement")
    _methods(axes[2], main[main["measure"] == RANK_MEASURES[1]], f"Difference: {PREDICTED} minus")
    axes[2].axvline(0, color="#777777", linewidth=0.8)
    _hidden(axes[3], result.fifths)
    _lag(axes[4], result.lag)
    _stations(axes[5], result.stations, grid)
    return fig


def _by_fifth(ax: Axes, fifths: pd.DataFrame) -> None:
    """Draw the observed measures against the mean predicted score of each fifth."""
    rows = fifths[fifths["sample"] == IMERG_WET]
    predicted = rows[rows["measure"] == "predicted"].set_index("fifth")["value"]
    for i, (measure, label) in enumerate(BY_FIFTH.items()):
        part = rows[rows["measure"] == measure]
        x = predicted.reindex(part["fifth"]).to_numpy() + 0.008 * (i - 1)
        intervals(ax, x, part, color=colour(i), label=label)
    _square(ax, 1.0)
    ax.set_title("By fifth of the predicted score")
    ax.set(xlabel="mean predicted score [1]", ylabel="observed [1]")
    ax.legend(loc="upper left")


def _methods(ax: Axes, rows: pd.DataFrame, title: str) -> None:
    """Draw a value with its interval for each method."""
    heights = -np.arange(len(rows))
    shades = np.where(rows["method"] == PREDICTED, colour(1), colour(0))
    for shade in np.unique(shades):
        drawn = shades == shade
        intervals(ax, heights[drawn], rows[drawn], across=True, color=shade)
    ax.set_yticks(heights, [name.replace("_", " ") for name in rows["method"]])
    ax.locator_params(axis="x", nbins=6)
    ax.set(xlabel="rank correlation [1]", ylim=(0.5 - len(rows) - 0.1, 0.6))
    ax.grid(axis="x")
    ax.set_title(title)


def _hidden(ax: Axes, fifths: pd.DataFrame) -> None:
    """Draw the share of wet gauges by predicted probability of hidden rain."""
    rows = fifths[fifths["sample"] == IMERG_DRY]
    predicted = rows[rows["measure"] == "predicted"].set_index("fifth")["value"]
    wet = rows[rows["measure"] == "gauge wet"]
    if len(wet):
        x = predicted.reindex(wet["fifth"]).to_numpy()
        intervals(ax, x, wet, color=colour(0))
    top = max([0.1, *predicted, *wet["high"].dropna(), *wet["value"]])
    _square(ax, float(np.ceil(10 * top) / 10))
    ax.set_title(f"Hidden rain, IMERG dry (n {count(wet['n'].sum())})")
    ax.set(xlabel="mean probability of rain in the window [1]", ylabel="share of wet gauges [1]")


def _lag(ax: Axes, lag: pd.DataFrame) -> None:
    """Draw the correlation of IMERG and gauges by time lag."""
    ax.set(xlabel="IMERG after the gauges [min]", ylabel="correlation of ln(1 + R/0.1) [1]")
    ax.grid(True)
    ax.set_title("Correlation by time lag")
    if len(lag):
        ax.fill_between(lag["lag"], lag["low"], lag["high"], color=colour(0), alpha=0.2, lw=0)
        ax.plot(lag["lag"], lag["value"], color=colour(0), marker="o", markersize=3.5)
        ax.axvline(0, color="#777777", linewidth=0.8)


def _stations(ax: Axes, stations: pd.DataFrame, grid: Grid) -> None:
    """Draw the affinity at each station on a map of the scored window."""
    empty = np.full(grid.shape, np.nan)
    paint(ax, empty, grid, kind="score", blank=np.ones(grid.shape, bool))
    rows = stations[(stations["measure"] == "affinity") & stations["value"].notna()]
    project = pyproj.Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True).transform
    inside = project(rows["longitude"].to_numpy(float), rows["latitude"].to_numpy(float))
    cmap, norm = colours("score")
    dots = ax.scatter(
        *inside, c=rows["value"], cmap=cmap, norm=norm, s=28, edgecolors="black", lw=0.4, zorder=3
    )
    ax.figure.colorbar(dots, ax=ax, label="affinity of the sums [1]", shrink=0.8)
    ax.set_title("Affinity of IMERG and gauge by station")


def _square(ax: Axes, top: float) -> None:
    """Set equal limits from 0 to `top` and draw the diagonal."""
    ax.plot([0, top], [0, top], color="#777777", linewidth=0.8)
    ax.set(xlim=(-0.02 * top, 1.02 * top), ylim=(-0.02 * top, 1.02 * top))
    ax.grid(True)
