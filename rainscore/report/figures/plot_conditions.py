"""Skill by the conditions under which IMERG saw the rain."""

from collections.abc import Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rainscore.analysis.classes import AGE_NAMES
from rainscore.report.figures.style import colour, count, figure, intervals, sample, styled

MEASURE_LABELS = {
    "score": "score [1]",
    "cc": "correlation [1]",
    "bias": "relative bias [1]",
    "csi": "CSI [1]",
}


AGE_HOURS = dict(zip(AGE_NAMES, (0.0, 0.5, 1.0, 1.5, 2.0, 2.75, 4.0, 5.5), strict=False))
"""Mean age of each class, as ages are whole half-hours; the last is cut at six hours."""


FEWEST_DAYS = 3
"""A class that was met on fewer days is not drawn."""


SOURCE_ORDER = ("imager", "SSMIS", "sounder", "morphed", "mixed", "infrared", "all")


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


UNCLUSTERED = {"-1": "too little rain"}


HEADS = {
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
    """Colour of a source, the same in every figure."""
    return colour(SOURCE_ORDER.index(source))


def rows(table: pd.DataFrame, *conditions: str, measure: str) -> pd.DataFrame:
    """Rows of a measure in a grouping that a figure shows.

    Classes that are unknown, without a value or met on fewer than `FEWEST_DAYS` are left out.

    Args:
        table: Of `stratification.stratify_skill`.
        conditions: The grouping, in its order.
        measure: Name of the measure.
    """
    kept = table[(table["grouping"] == " × ".join(conditions)) & (table["measure"] == measure)]
    known = (kept[list(conditions)] != "unknown").all(axis=1)
    return met_often(kept[known].dropna(subset="value"))


def met_often(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of at least `FEWEST_DAYS`; all rows where no class has so many."""
    return table[table["days"] >= min(FEWEST_DAYS, table["days"].max(skipna=True))]


@styled
def plot_skill_by_age(
    table: pd.DataFrame, *, maps: int, days: int, period: str, world: str
) -> Figure:
    """Skill against the time since the last pass by sensor, and the score between two passes.

    Args:
        table: Of `stratification.stratify_skill`.
        maps, days: Sample size.
        period: In words.
        world: 'simulated' or 'real'.
    """
    subtitle = sample(maps, "maps", days, period) + "; bands: 95 % over days"
    title = "Skill and the time from the microwave passes"
    fig = figure(10, 6.6, title=title, subtitle=subtitle, world=world)
    axes = fig.subplots(2, 2)
    for ax, measure in zip(axes.flat, ("score", "cc", "bias"), strict=False):
        part = rows(table, "sensor", "last", measure=measure)
        for sensor in SOURCE_ORDER[:3]:
            of = part[part["sensor"] == sensor]
            band(ax, of.assign(x=of["last"].map(AGE_HOURS)), source_colour(sensor), sensor)
        ax.set(xlabel="time since the last microwave pass [h]", ylabel=MEASURE_LABELS[measure])
        ax.set_xlim(left=0)
        ax.grid(axis="y")
    axes[0, 0].legend(title="sensor of the last pass", alignment="left")
    axes[1, 0].axhline(0, color="#555555", linewidth=0.8)
    part = rows(table, "last", "next", measure="score")
    heat(axes[1, 1], part, "last", "next", AGE_NAMES[:-1], AGE_NAMES[:-1])
    axes[1, 1].set_title("score [1] by both")
    return fig


@styled
def plot_skill_by_condition(
    table: pd.DataFrame, *, maps: int, days: int, period: str, world: str
) -> Figure:
    """Score by one condition at a time: a panel a condition, a point a class.

    Args:
        table, maps, days, period, world: As in `plot_skill_by_age`.
    """
    names = ("hour", "source", "last", "intensity", "season", "regime", "cluster")
    parts = {name: rows(table, name, measure="score") for name in names}
    parts = {name: part for name, part in parts.items() if len(part)}
    subtitle = sample(maps, "maps", days, period)
    subtitle += "; bars: 95 % over days; in brackets: windows"
    fig = figure(11, 7.2, title="Score by condition", subtitle=subtitle, world=world)
    grid = fig.add_gridspec(2, 4, width_ratios=[1.15, 1, 1, 1])
    places = [grid[:, 0], *(grid[i, j] for i in range(2) for j in range(1, 4))]
    shared = None
    for place, (name, part) in zip(places, parts.items(), strict=False):
        ax = fig.add_subplot(place, sharex=shared)
        shared = shared or ax
        heights = -np.arange(len(part))
        intervals(ax, heights, part, across=True, color=colour(0))
        labels = part[name].str.zfill(2) if name == "hour" else part[name].replace(UNCLUSTERED)
        texts = [f"{label} ({count(n)})" for label, n in zip(labels, part["windows"], strict=True)]
        ax.set_yticks(heights, texts)
        ax.set(title=HEADS[name], xlabel=MEASURE_LABELS["score"], ylim=(-len(part) + 0.4, 0.6))
        ax.grid(axis="x")
    return fig


@styled
def plot_skill_by_two(
    table: pd.DataFrame, *, maps: int, days: int, period: str, world: str
) -> Figure:
    """Score by source and a second condition: a panel for each second condition.

    Args:
        table, maps, days, period, world: As in `plot_skill_by_age`.
    """
    names = ("season", "intensity", "regime", "cluster")
    parts = {name: rows(table, "source", name, measure="score") for name in names}
    parts = {name: part for name, part in parts.items() if len(part)}
    subtitle = (
        sample(maps, "maps", days, period) + "; white: never, on fewer than three days, or no score"
    )
    height = 1.0 + 2.9 * -(-len(parts) // 2)
    title = "Score by source and a second condition"
    fig = figure(10, height, title=title, subtitle=subtitle, world=world)
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
def plot_cycles(table: pd.DataFrame, *, maps: int, days: int, period: str, world: str) -> Figure:
    """Diurnal cycle in each season, and seasonal cycle: rain of both products, and skill.

    Args:
        table, maps, days, period, world: As in `plot_skill_by_age`.
    """
    seasons = list(dict.fromkeys(rows(table, "season", measure="score")["season"]))
    subtitle = sample(maps, "maps", days, period)
    subtitle += "; hours are UTC, of the half-hour's start; bands: 95 % over days"
    title = "Diurnal and seasonal cycles"
    fig = figure(12, 5.4, title=title, subtitle=subtitle, world=world)
    axes = fig.subplots(2, len(seasons) + 1, sharey="row", squeeze=False)
    for column, season in enumerate(seasons):
        of = table[(table["season"] == season) & (table["grouping"] == "season × hour")]
        of = met_often(of.assign(x=of["hour"].astype(int) + 0.5))
        _cycle(axes[:, column], of)
        axes[0, column].set_title(str(season))
        for ax in axes[:, column]:
            ax.set(xlabel="hour [UTC]", xticks=range(0, 25, 6), xlim=(0, 24))
    months = met_often(table[table["grouping"] == "month"])
    _cycle(axes[:, -1], months.assign(x=months["month"].astype(int)))
    axes[0, -1].set_title("by month")
    shown = sorted(months["month"].astype(int).unique())
    for ax in axes[:, -1]:
        ax.set(xlabel="month", xticks=shown, xlim=(shown[0] - 0.5, shown[-1] + 0.5))
        ax.set_xticklabels([MONTHS[m - 1] if len(shown) < 7 else MONTHS[m - 1][0] for m in shown])
    axes[0, 0].set(ylabel="mean rain [mm/h]", ylim=(0, None))
    axes[1, 0].set_ylabel("skill [1]")
    for ax in axes[:, 0]:
        ax.legend()
    return fig


def _cycle(axes: np.ndarray, table: pd.DataFrame) -> None:
    """Rain above, score and CSI below, against column `x`."""
    names = {"imerg_mean": "IMERG", "radar_mean": "radar", "score": "score", "csi": "CSI"}
    colours = (colour(0), colour(6), colour(1), colour(2))
    for (measure, label), shade in zip(names.items(), colours, strict=True):
        ax = axes[int(measure in MEASURE_LABELS)]
        band(ax, table[table["measure"] == measure], shade, label)
        ax.grid(axis="y")


def band(ax: Axes, table: pd.DataFrame, shade: str, label: str) -> None:
    """A line of `value` against `x` with the band from `low` to `high`."""
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
    """A table of values as coloured squares with their numbers; what does not occur is white."""
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
    ax.set(xlabel=HEADS[column], ylabel=HEADS[row])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _limits(values: pd.Series) -> tuple[float, float]:
    """Ends of a colour scale: tenths around the values."""
    low, high = np.floor(values.min() * 10) / 10, np.ceil(values.max() * 10) / 10
    return float(low), float(max(high, low + 0.1))
