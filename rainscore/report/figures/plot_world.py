"""Figures of the simulated world next to published figures of the real one."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rainscore.report.figures.style import figure, styled
from rainscore.times import SEASONS

INSIDE, OUTSIDE, AIM = "#0072b2", "#d55e00", "#c8c8c8"


_ROW = 0.17  # inches


@styled
def plot_world(
    rain: pd.DataFrame, satellite: pd.DataFrame, *, maps: int, period: str, world: str
) -> Figure:
    """Each quantity that has an aim or a real value: simulated, aim and real on one line.

    A regime's value is outside of its aim where it is so by two standard errors.

    Args:
        rain, satellite: Tables of `rainscore.simulation.worldtables`.
        maps: Half-hours of the run that were measured.
        period: In words.
        world: 'simulated' or 'real'.
    """
    columns = _panels(rain, satellite)
    lines = max(sum(len(rows) + 3 for rows in column.values()) for column in columns)
    title = "The simulated world beside published and real values"
    subtitle = f"{maps} half-hours, {period}; 0.1° and 30 min, wet at 0.2 mm/h"
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
            _dot("o", OUTSIDE, "simulated, outside of the aim"),
            _dot("D", "black", "real or published", hollow=True),
            Patch(color=AIM, label="aim"),
        ],
        loc="outside lower center",
        ncols=4,
    )
    return fig


def _panels(rain: pd.DataFrame, satellite: pd.DataFrame) -> list[dict[str, pd.DataFrame]]:
    """Rows of each panel, two columns of panels; a column `label` names each row."""
    rows = pd.concat([rain, satellite], ignore_index=True)
    rows = rows[rows[["reference", "low", "high"]].notna().any(axis=1)]
    satellite_row = rows["product"] != "radar"
    who = rows["product"].where(satellite_row, rows["regime"])
    both = (who != "all") & (who != "passes")
    rows = rows.assign(label=np.where(both, who + ": " + rows["quantity"], rows["quantity"]))
    correlation = rows["quantity"].str.contains("correlation at")
    score = rows["quantity"].isin(["CC", "POD", "FAR"])
    bias = rows["quantity"] == "bias [%]"
    middle = rows["reference"].fillna((rows["low"] + rows["high"]) / 2)
    amount = ~correlation & ~score & ~bias & (middle > 0)
    values = ["simulated", "low", "high", "reference", "error"]
    shares = rows[amount].copy()
    shares[values] = shares[values].div(middle[amount], axis=0)

    def of(regime: str) -> pd.DataFrame:
        part = rows[correlation & (rows["regime"] == regime)]
        return part.assign(label=part["quantity"])

    left = {
        "Front: correlations of log rain [1]": of("front"),
        "Showers: correlations of log rain [1]": of("showers"),
        "Products: scores [1]": rows[score],
    }
    right = {
        "Amounts: ratio to real [1]": shares,
        "Products: bias [%]": rows[bias],
    }
    return [left, right]


def _dots(ax: Axes, rows: pd.DataFrame, title: str) -> None:
    """One panel, the first row on top."""
    height = np.arange(len(rows))[::-1]
    value, low, high = (rows[name].to_numpy(float) for name in ("simulated", "low", "high"))
    bounded = np.isfinite(low) & np.isfinite(high)
    ax.barh(height[bounded], (high - low)[bounded], 0.7, left=low[bounded], color=AIM)
    spread = 2 * rows["error"].fillna(0).to_numpy(float)
    out = (value + spread < low) | (value - spread > high)
    ax.plot(rows["reference"], height, "D", color="black", markerfacecolor="none", markersize=5)
    ax.hlines(height, value - spread, value + spread, color="#555555", linewidth=1)
    for mask, shade in ((~out, INSIDE), (out, OUTSIDE)):
        ax.plot(value[mask], height[mask], "o", color=shade, markersize=4.5)
    ax.set_yticks(height, rows["label"])
    ax.set(title=title, ylim=(-0.7, len(rows) - 0.3))
    ax.tick_params(axis="y", length=0)
    ax.use_sticky_edges = False
    ax.margins(x=0.05)
    ax.grid(axis="x")


def _dot(shape: str, shade: str, label: str, *, hollow: bool = False) -> Line2D:
    """An entry of the legend."""
    face = "none" if hollow else shade
    return Line2D([], [], marker=shape, color=shade, markerfacecolor=face, ls="none", label=label)


SHADES = ("#0072b2", "#009e73", "#d55e00", "#cc79a7")


@styled
def plot_year(table: pd.DataFrame, *, period: str, world: str) -> Figure:
    """Rain of the months, daily cycle of the seasons, correlation by the age of the last pass.

    Args:
        table: Rows of `rainscore.simulation.worldtables`.
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
