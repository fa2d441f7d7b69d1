"""Figures of the score and other measures by condition: source, age, season, hour, intensity."""

from collections.abc import Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rainscore.analysis.classes import AGE_NAMES
from rainscore.report.figures.style import (
    colour,
    figure,
    intervals,
    sample_text,
    styled,
    without_data,
)
from rainscore.report.numbers import count
from rainscore.report.runsample import RunSample

MEASURE_LABELS = {
    "score": "score [1]",
    "cc": "correlation [1]",
    "bias": "relative bias [1]",
    "csi": "CSI [1]",
}


AGE_HOURS = dict(zip(AGE_NAMES, (0.0, 0.5, 1.0, 1.5, 2.0, 2.75, 4.0, 5.5), strict=False))
"""Mean age of each class [h]; ages are multiples of half an hour, the last class ends at 6 h."""


FEWEST_DAYS = 3
"""Classes that occur on fewer days are not drawn."""


SENSORS = ("imager", "SSMIS", "sounder")
"""Kinds of microwave sensor."""


SOURCE_ORDER = (*SENSORS, "morphed", "mixed", "infrared", "all")
"""Sources of IMERG's estimate in the order of the figures."""


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


UNCLUSTERED = {"-1": "too little rain"}
"""Text for the cluster of the maps that are not clustered."""


CONDITION_LABELS = {
    "source": "source",
    "sensor": "sensor of the last pass",
    "last": "time since the last pass",
    "next": "time to the next pass",
    "season": "season",
    "hour": "hour [UTC]",
    "intensity": "IMERG rain",
    "regime": "weather regime",
    "cluster": "cluster of maps",
}


def source_colour(source: str) -> str:
    """Return the colour of a source."""
    return colour(SOURCE_ORDER.index(source))


def rows(table: pd.DataFrame, *conditions: str, measure: str) -> pd.DataFrame:
    """Return the rows of a measure in a grouping, without classes that are not drawn.

    These are unknown classes, classes without a value, and those of fewer than `FEWEST_DAYS` days.

    Args:
        table: Table of `stratification.stratify_skill`.
        conditions: Conditions of the grouping, in its order.
        measure: Name of the measure.
    """
    kept = table[(table["grouping"] == " × ".join(conditions)) & (table["measure"] == measure)]
    available = (kept[list(conditions)] != "unknown").all(axis=1)
    return with_enough_days(kept[available].dropna(subset="value"))


def with_enough_days(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of at least `FEWEST_DAYS` days, or of the largest number of days if lower."""
    return table[table["days"] >= min(FEWEST_DAYS, table["days"].max(skipna=True))]


@styled
def plot_skill_by_age(table: pd.DataFrame, *, sample: RunSample) -> Figure:
    """Draw measures against the time since the last microwave pass, and the score between passes.

    Args:
        table: Table of `stratification.stratify_skill`.
        sample: Sample of the analysis.
    """
    subtitle = f"{maps_text(sample)}; bands: 95 % interval from resampled days"
    title = "Agreement by time since the last microwave pass"
    fig = figure(10, 6.6, title=title, subtitle=subtitle, world=sample.world)
    axes = fig.subplots(2, 2)
    for ax, measure in zip(axes.flat, ("score", "cc", "bias"), strict=False):
        part = rows(table, "sensor", "last", measure=measure)
        for sensor in SENSORS:
            line = part[part["sensor"] == sensor]
            band(ax, line.assign(x=line["last"].map(AGE_HOURS)), source_colour(sensor), sensor)
        ax.set(xlabel="time since the last microwave pass [h]", ylabel=MEASURE_LABELS[measure])
        ax.set_xlim(left=0)
        ax.grid(axis="y")
    axes[0, 0].legend(title="sensor of the last pass", alignment="left")
    axes[1, 0].axhline(0, color="#555555", linewidth=0.8)
    drawn = rows(table, "sensor", "last", measure="bias")["value"]
    limits = min(drawn.min(), 0.0), max(drawn.max(), 0.0)
    if np.isfinite(limits).all() and limits[0] < limits[1]:  # a band may be ten times as wide
        axes[1, 0].set_ylim(limits[0] - 0.5 * np.ptp(limits), limits[1] + 0.5 * np.ptp(limits))
    part = rows(table, "last", "next", measure="score")
    heat(axes[1, 1], part, "last", "next", AGE_NAMES[:-1], AGE_NAMES[:-1])
    axes[1, 1].set_title("score [1]")
    return fig


def maps_text(sample: RunSample) -> str:
    """Return the number of maps and days and the period as text."""
    return sample_text(sample.maps, "maps", sample.days, sample.period)


@styled
def plot_skill_by_condition(table: pd.DataFrame, *, sample: RunSample) -> Figure:
    """Draw the score by one condition at a time: one panel per condition, one point per class.

    Args:
        table, sample: As in `plot_skill_by_age`.
    """
    names = ("hour", "source", "last", "intensity", "season", "regime", "cluster")
    parts = {name: rows(table, name, measure="score") for name in names}
    parts = {name: part for name, part in parts.items() if len(part)}
    subtitle = f"{maps_text(sample)}; bars: 95 % interval from resampled days"
    subtitle += "; in brackets: number of windows"
    fig = figure(11, 7.2, title="Score by condition", subtitle=subtitle, world=sample.world)
    grid = fig.add_gridspec(2, 4, width_ratios=[1.15, 1, 1, 1])
    cells = [grid[:, 0], *(grid[i, j] for i in range(2) for j in range(1, 4))]
    shared = None
    for cell, (name, part) in zip(cells, parts.items(), strict=False):
        ax = fig.add_subplot(cell, sharex=shared)
        shared = shared or ax
        heights = -np.arange(len(part))
        intervals(ax, heights, part, across=True, color=colour(0))
        labels = part[name].str.zfill(2) if name == "hour" else part[name].replace(UNCLUSTERED)
        texts = [f"{label} ({count(n)})" for label, n in zip(labels, part["windows"], strict=True)]
        ax.set_yticks(heights, texts)
        ax.set(
            title=CONDITION_LABELS[name],
            xlabel=MEASURE_LABELS["score"],
            ylim=(-len(part) + 0.4, 0.6),
        )
        ax.grid(axis="x")
    return fig


@styled
def plot_skill_by_two(table: pd.DataFrame, *, sample: RunSample) -> Figure:
    """Draw the score by source and a second condition, one panel per second condition.

    Args:
        table, sample: As in `plot_skill_by_age`.
    """
    names = ("season", "intensity", "regime", "cluster")
    parts = {name: rows(table, "source", name, measure="score") for name in names}
    parts = {name: part for name, part in parts.items() if len(part)}
    subtitle = f"{maps_text(sample)}; white: no score, or fewer than {FEWEST_DAYS} days"
    height = 1.0 + 2.9 * -(-len(parts) // 2)
    title = "Score by source and a second condition"
    fig = figure(10, max(height, 3.0), title=title, subtitle=subtitle, world=sample.world)
    if not parts:
        return without_data(fig, "the maps do not state the source of their rain")
    axes = fig.subplots(-(-len(parts) // 2), 2, squeeze=False)
    limits = _limits(pd.concat(list(parts.values()))["value"])
    for ax, (name, part) in zip(axes.flat, parts.items(), strict=False):
        classes = list(dict.fromkeys(part.sort_values("value")[name]))
        if name in ("season", "intensity"):
            classes = list(dict.fromkeys(part[name]))
        elif name == "cluster":
            classes = [UNCLUSTERED.get(k, k) for k in sorted(classes, key=int)]
        part = part.assign(**{name: part[name].replace(UNCLUSTERED)})
        heat(ax, part, name, "source", classes, SOURCE_ORDER[:-1], limits=limits)
        ax.set_title("score [1]")
    for ax in axes.flat[len(parts) :]:
        ax.set_axis_off()
    return fig


@styled
def plot_cycles(table: pd.DataFrame, *, sample: RunSample) -> Figure:
    """Draw the daily cycle in each season, and the cycle over the months: rain, score and CSI.

    Args:
        table, sample: As in `plot_skill_by_age`.
    """
    seasons = list(dict.fromkeys(rows(table, "season", measure="score")["season"]))
    subtitle = f"{maps_text(sample)}; bands: 95 % interval from resampled days"
    title = "Daily cycle by season, and months"
    fig = figure(12, 5.4, title=title, subtitle=subtitle, world=sample.world)
    axes = fig.subplots(2, len(seasons) + 1, sharey="row", squeeze=False)
    for column, season in enumerate(seasons):
        hours = table[(table["season"] == season) & (table["grouping"] == "season × hour")]
        hours = with_enough_days(hours.assign(x=hours["hour"].astype(int) + 0.5))
        _cycle(axes[:, column], hours)
        axes[0, column].set_title(str(season))
        for ax in axes[:, column]:
            ax.set(xlabel="hour [UTC]", xticks=range(0, 25, 6), xlim=(0, 24))
    months = with_enough_days(table[table["grouping"] == "month"])
    _cycle(axes[:, -1], months.assign(x=months["month"].astype(int)))
    axes[0, -1].set_title("by month")
    shown = sorted(months["month"].astype(int).unique())
    for ax in axes[:, -1]:
        ax.set(xlabel="month", xticks=shown, xlim=(shown[0] - 0.5, shown[-1] + 0.5))
        ax.set_xticklabels([MONTHS[m - 1] if len(shown) < 7 else MONTHS[m - 1][0] for m in shown])
    axes[0, 0].set(ylabel="mean rain [mm/h]", ylim=(0, None))
    axes[1, 0].set_ylabel("score, CSI [1]")
    for ax in axes[:, 0]:
        ax.legend()
    return fig


def _cycle(axes: np.ndarray, table: pd.DataFrame) -> None:
    """Draw rain on the upper axes, score and CSI on the lower axes, against column `x`."""
    names = {"imerg_mean": "IMERG", "radar_mean": "radar", "score": "score", "csi": "CSI"}
    colours = (colour(0), colour(6), colour(1), colour(2))
    for (measure, label), shade in zip(names.items(), colours, strict=True):
        ax = axes[int(measure in MEASURE_LABELS)]
        band(ax, table[table["measure"] == measure], shade, label)
        ax.grid(axis="y")


def band(ax: Axes, table: pd.DataFrame, shade: str, label: str) -> None:
    """Draw a line of column `value` against `x` with a band from `low` to `high`."""
    table = table.astype({"x": float}).dropna(subset=["x", "value"]).sort_values("x")
    ax.plot(table["x"], table["value"], "o-", color=shade, markersize=3.5, label=label)
    ax.fill_between(table["x"], table["low"], table["high"], color=shade, alpha=0.18, lw=0)


def heat(
    ax: Axes,
    table: pd.DataFrame,
    row: str,
    column: str,
    row_names: Sequence[str],
    column_names: Sequence[str],
    *,
    limits: tuple[float, float] | None = None,
) -> None:
    """Draw the values of two conditions as coloured cells with numbers; absent cells are white.

    Args:
        ax: Axes to draw on.
        table: Columns `row`, `column`, value [1].
        row, column: Names of the two conditions.
        row_names, column_names: Their classes in the order of the axes.
        limits: Ends of the colour scale; by default those of the values.
    """
    wide = table.pivot(index=row, columns=column, values="value")
    wide = wide.reindex(index=list(row_names), columns=list(column_names)).astype(float)
    wide = wide.dropna(how="all").dropna(axis=1, how="all")
    low, high = limits or _limits(table["value"])
    image = ax.imshow(wide, cmap="cividis", vmin=low, vmax=high, aspect="auto")
    shades = matplotlib.colormaps["cividis"]
    for (i, j), value in np.ndenumerate(wide.to_numpy()):
        if np.isfinite(value):
            dark = sum(shades(image.norm(value))[:3]) < 1.5
            ax.text(j, i, f"{value:.2f}", ha="center", va="center", size=7,
                    color="white" if dark else "black")  # fmt: skip
    ax.set_xticks(range(wide.shape[1]), wide.columns, rotation=30 if wide.shape[1] > 6 else 0)
    ax.set_yticks(range(wide.shape[0]), wide.index)
    ax.set(xlabel=CONDITION_LABELS[column], ylabel=CONDITION_LABELS[row])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _limits(values: pd.Series) -> tuple[float, float]:
    """Return the ends of a colour scale: the multiples of 0.1 around the values."""
    low, high = np.floor(values.min() * 10) / 10, np.ceil(values.max() * 10) / 10
    return float(low), float(max(high, low + 0.1))
