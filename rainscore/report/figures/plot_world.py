"""Figures of the simulated world: comparison with published and real values, and a year."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rainscore.report.figures.style import figure, styled
from rainscore.times import SEASONS

INSIDE, OUTSIDE, TARGET = "#0072b2", "#d55e00", "#c8c8c8"


_ROW = 0.17
"""Height of a row [inches]."""


@styled
def plot_world(
    rain: pd.DataFrame, satellite: pd.DataFrame, *, half_hours: int, period: str, world: str
) -> Figure:
    """Draw each quantity of the simulated world with its target range and its real value.

    A value is outside its target range if it is so by more than two standard errors.

    Args:
        rain, satellite: Tables of `simulation.worldtables`.
        half_hours: Number of half-hours of the run.
        period: Period of the run.
        world: 'simulated' or 'real'.
    """
    columns = _panels(rain, satellite)
    lines = max(sum(len(rows) + 3 for rows in column.values()) for column in columns)
    title = "Simulated, published and real values"
    subtitle = (
        f"{half_hours} half-hours, {period}; 0.1° and 30 min, wet: at least 0.2 mm/h; "
        "lines: ± 2 standard errors"
    )
    fig = figure(9, 1.1 + _ROW * lines, title=title, subtitle=subtitle, world=world)
    halves = fig.add_gridspec(1, 2)
    for half, column in enumerate(columns):
        heights = [len(rows) + 3 for rows in column.values()]
        grid = halves[half].subgridspec(len(column), 1, height_ratios=heights)
        for i, (name, rows) in enumerate(column.items()):
            _dots(fig.add_subplot(grid[i]), rows, name)
    fig.legend(
        handles=[
            _dot("o", INSIDE, "simulated"),
            _dot("o", OUTSIDE, "simulated, outside the target range"),
            _dot("D", "black", "real or published", hollow=True),
            Patch(color=TARGET, label="target range"),
        ],
        loc="outside lower center",
        ncols=4,
    )
    return fig


def _panels(rain: pd.DataFrame, satellite: pd.DataFrame) -> list[dict[str, pd.DataFrame]]:
    """Return the rows of each panel by title, for two columns of panels, with a column `label`."""
    rows = pd.concat([rain, satellite], ignore_index=True)
    rows = rows[rows[["reference", "low", "high"]].notna().any(axis=1)]
    satellite_row = rows["product"] != "radar"
    group = rows["product"].where(satellite_row, rows["regime"])
    named = (group != "all") & (group != "passes")
    rows = rows.assign(label=np.where(named, group + ": " + rows["quantity"], rows["quantity"]))
    correlation = rows["quantity"].str.contains("correlation at")
    score = rows["quantity"].isin(["CC", "POD", "FAR"])
    bias = rows["quantity"] == "bias [%]"
    middle = rows["reference"].fillna((rows["low"] + rows["high"]) / 2)
    amount = ~correlation & ~score & ~bias & (middle > 0)
    values = ["simulated", "low", "high", "reference", "error"]
    shares = rows[amount].copy()
    shares[values] = shares[values].div(middle[amount], axis=0)

    def correlations(regime: str) -> pd.DataFrame:
        part = rows[correlation & (rows["regime"] == regime)]
        return part.assign(label=part["quantity"])

    left = {
        "Front: correlations of log rain [1]": correlations("front"),
        "Showers: correlations of log rain [1]": correlations("showers"),
        "Products: scores [1]": rows[score],
    }
    right = {
        "Amounts relative\nto the real value [1]": shares,
        "Products: bias [%]": rows[bias],
    }
    return [left, right]


def _dots(ax: Axes, rows: pd.DataFrame, title: str) -> None:
    """Draw one panel with the first row on top."""
    height = np.arange(len(rows))[::-1]
    value, low, high = (rows[name].to_numpy(float) for name in ("simulated", "low", "high"))
    bounded = np.isfinite(low) & np.isfinite(high)
    ax.barh(height[bounded], (high - low)[bounded], 0.7, left=low[bounded], color=TARGET)
    spread = 2 * rows["error"].fillna(0).to_numpy(float)
    outside = (value + spread < low) | (value - spread > high)
    ax.plot(rows["reference"], height, "D", color="black", markerfacecolor="none", markersize=5)
    ax.hlines(height, value - spread, value + spread, color="#555555", linewidth=1)
    for mask, shade in ((~outside, INSIDE), (outside, OUTSIDE)):
        ax.plot(value[mask], height[mask], "o", color=shade, markersize=4.5)
    ax.set_yticks(height, rows["label"])
    ax.set(title=title, ylim=(-0.7, len(rows) - 0.3))
    ax.tick_params(axis="y", length=0)
    ax.use_sticky_edges = False
    ax.margins(x=0.05)
    ax.grid(axis="x")


def _dot(shape: str, shade: str, label: str, *, hollow: bool = False) -> Line2D:
    """Return a marker for the legend."""
    face = "none" if hollow else shade
    return Line2D([], [], marker=shape, color=shade, markerfacecolor=face, ls="none", label=label)


SHADES = ("#0072b2", "#009e73", "#d55e00", "#cc79a7")


@styled
def plot_year(table: pd.DataFrame, *, period: str, world: str) -> Figure:
    """Draw the rain of the months, the daily cycle, and the correlation by age of the last pass.

    Args:
        table: Rows of `simulation.worldtables`.
        period: Period of the simulation.
        world: 'simulated' or 'real'.
    """
    title = "Simulated year: rain, and IMERG"
    subtitle = f"{period}; mean over the domain; IMERG compared with the true rain at 0.1°, 30 min"
    fig = figure(10, 3.6, title=title, subtitle=subtitle, world=world)
    left, middle, right = fig.subplots(1, 3)
    all_weather = table[table["regime"] == "all"]
    radar = all_weather[all_weather["product"] == "radar"].set_index("quantity")["simulated"]
    _months(left, radar[radar.index.str.startswith("rain of 2")])
    _days(middle, radar)
    _ages(right, all_weather[all_weather["quantity"].str.endswith("h from a pass")])
    return fig


def _months(ax: Axes, rain: pd.Series) -> None:
    ax.bar(rain.index.str.slice(13, 15), rain, color=SHADES[0])
    ax.set(title="Rain by month", xlabel="month", ylabel="rain [mm]")


def _days(ax: Axes, radar: pd.Series) -> None:
    for season, shade in zip(SEASONS, SHADES, strict=True):
        cycle = radar[radar.index.str.startswith(f"{season}: rain from")]
        if len(cycle):
            ax.plot(np.arange(8) * 3 + 1.5, cycle, "o-", ms=3, color=shade, label=season)
    ax.set(
        title="Daily cycle", xlabel="hour of the day [UTC]", ylabel="ratio to the daily mean [1]"
    )
    ax.set(xticks=range(0, 25, 6), ylim=(0, None))
    ax.legend(ncols=2)


def _ages(ax: Axes, rows: pd.DataFrame) -> None:
    for run, shade in zip(("final", "late", "early"), SHADES, strict=False):
        run_rows = rows[rows["product"] == run]
        ages = run_rows["quantity"].str.split().str[1].astype(float)
        dashes = "--" if run == "late" else "-"
        if len(ages):
            ax.plot(ages, run_rows["simulated"], f"o{dashes}", ms=4, color=shade, label=run)
    ax.set(title="Correlation with the true rain", ylabel="correlation [1]", ylim=(0, None))
    ax.set(xlabel="time to the nearest pass that the run uses [h]")
    ax.legend()
