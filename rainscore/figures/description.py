"""The score over the domain and by the conditions of the maps."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rainscore.figures.style import colour, count, figure, intervals, sample, styled
from rainscore.grids import Grid
from rainscore.maps import aspect, draw_map

SCORE = "score [1]"


@styled
def plot_score_map(
    score: np.ndarray,
    defined: np.ndarray,
    grid: Grid,
    *,
    maps: int,
    days: int,
    period: str,
    world: str,
) -> Figure:
    """Mean score over the domain, and the share of maps in which it is defined there.

    Args:
        score: Mean score, dims (ny, nx), 1; NaN where it was never defined.
        defined: Share of the maps whose score is defined, dims (ny, nx), 1; NaN missing.
        grid: The learning grid.
        maps, days: How many were averaged.
        period: In words, `2019-01 to 2019-12`.
        world: 'simulated' or 'real'.
    """
    height = 1.8 + 3.9 * aspect(grid)
    subtitle = sample(maps, "maps", days, period)
    fig = figure(9, height, title="Mean score", subtitle=subtitle, world=world)
    left, right = fig.subplots(1, 2)
    draw_map(left, score, grid, kind="score", limits=_ends(score), label="mean score [1]")
    left.set_title("Mean of the defined scores")
    label = "share of maps with a score [1]"
    draw_map(right, defined, grid, kind="probability", limits=_ends(defined), label=label)
    right.set_title("How often a score is defined")
    return fig


@styled
def plot_score_by_age(
    table: pd.DataFrame, *, maps: int, days: int, period: str, world: str
) -> Figure:
    """Score against the time since the last microwave pass, a line for each class of source.

    Args:
        table: Columns source (class, named as it is shown), age_h [h], value, low, high [1]
            (95 % over days), as of `groups.score_by`.
        maps, days, period, world: As in `plot_score_map`.
    """
    subtitle = sample(maps, "maps", days, period) + "; bands: 95 % over days"
    title = "Score and the age of the last microwave pass"
    fig = figure(7, 4, title=title, subtitle=subtitle, world=world)
    ax = fig.subplots()
    for i, (source, part) in enumerate(table.groupby("source", sort=False)):
        part = part.sort_values("age_h")
        ax.plot(
            part["age_h"], part["value"], "o-", color=colour(i), markersize=4, label=str(source)
        )
        ax.fill_between(part["age_h"], part["low"], part["high"], color=colour(i), alpha=0.2, lw=0)
    ax.set(xlabel="time since the last microwave pass [h]", ylabel=SCORE)
    ax.set_xlim(left=0)
    ax.grid(axis="y")
    ax.legend(title="last source", alignment="left")
    return fig


@styled
def plot_score_by_class(
    table: pd.DataFrame, *, maps: int, days: int, period: str, world: str
) -> Figure:
    """Score by season, hour, intensity: one panel a grouping, one point a class.

    Args:
        table: Columns grouping (heads its panel, with the unit of its classes), class (in the
            order in which it is drawn), value, low, high [1] (95 % over days), n (maps).
        maps, days, period, world: As in `plot_score_map`.
    """
    parts = {str(name): part for name, part in table.groupby("grouping", sort=False)}
    subtitle = sample(maps, "maps", days, period) + "; bars: 95 % over days; in brackets: maps"
    height = 1.3 + 0.26 * max(map(len, parts.values()))
    fig = figure(11, height, title="Score by condition", subtitle=subtitle, world=world)
    axes = fig.subplots(1, len(parts), sharex=True, squeeze=False)[0]
    for ax, (name, part) in zip(axes, parts.items(), strict=True):
        places = -np.arange(len(part))
        intervals(ax, places, part, across=True, color=colour(0))
        names = [f"{label} ({count(n)})" for label, n in zip(part["class"], part["n"], strict=True)]
        ax.set_yticks(places, names)
        ax.set(title=name, xlabel=SCORE, ylim=(-len(part) + 0.4, 0.6))
        ax.grid(axis="x")
    return fig


@styled
def plot_score_by_regime(scores: pd.DataFrame, *, period: str, world: str) -> Figure:
    """Distribution of the map score in each weather regime.

    Args:
        scores: One row a map: time, regime, map_score [1]; rows without one of them are left out.
        period, world: As in `plot_score_map`.
    """
    scores = scores.dropna(subset=["regime", "map_score"])
    groups = {str(name): part["map_score"] for name, part in scores.groupby("regime")}
    groups = dict(sorted(groups.items(), key=lambda item: item[1].median()))
    days = scores["time"].dt.normalize().nunique()
    subtitle = sample(len(scores), "maps", days, period) + "; box: quartiles, line: 5 to 95 %"
    height = 1.3 + 0.38 * len(groups)
    title = "Map score by weather regime"
    fig = figure(7, height, title=title, subtitle=subtitle, world=world)
    ax = fig.subplots()
    ax.boxplot(
        list(groups.values()),
        orientation="horizontal",
        whis=(5, 95),
        showfliers=False,
        widths=0.55,
        patch_artist=True,
        boxprops={"facecolor": "#cfe6f5", "edgecolor": colour(0)},
        medianprops={"color": colour(1), "linewidth": 2},
        tick_labels=[f"{name} ({count(len(part))} maps)" for name, part in groups.items()],
    )
    ax.set(xlabel="map score [1]", xlim=(0, 1))
    ax.grid(axis="x")
    return fig


def _ends(values: np.ndarray) -> tuple[float, float]:
    """Ends of a colour scale: tenths around the values that are there."""
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = np.floor(known.min() * 10) / 10, np.ceil(known.max() * 10) / 10
    return low, max(high, low + 0.1)
