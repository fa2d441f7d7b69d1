"""The simulated world beside the real one."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rainscore.figures.style import figure, styled

INSIDE, OUTSIDE, AIM = "#0072b2", "#d55e00", "#c8c8c8"
_ROW = 0.17  # inches


@styled
def plot_world(
    rain: pd.DataFrame, satellite: pd.DataFrame, *, maps: int, period: str, world: str
) -> Figure:
    """Each quantity that has an aim or a real value: simulated, aim and real on one line.

    A regime's value is outside of its aim where it is so by two standard errors.

    Args:
        rain, satellite: Tables of `rainscore.world.targets`.
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
