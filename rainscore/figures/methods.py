"""Clustering methods beside one another, and beside maps without clusters."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rainscore.clustering.comparison import ALL_SEEDS, YARDSTICK
from rainscore.figures.style import colour, figure, intervals, styled

PANELS = (
    ("stability_days", "train", "clusters come again\non other days, ARI [1]"),
    ("eta2", "test", "share of the score's variance\non test days, η² [1]"),
    ("crps_skill", "test", "CRPS skill of the cluster's scores\non test days [1]"),
    ("ari_regimes", "test", "agreement with the true regimes\non test days, ARI [1]"),
)


@styled
def plot_methods(table: pd.DataFrame, *, period: str, world: str) -> Figure:
    """A panel a measure, a row a method; crosses: the same on maps without clusters.

    Args:
        table: Of `methodtable.method_table`.
        period: In words.
        world: 'simulated' or 'real'.
    """
    rows = table[table["seed"] == ALL_SEEDS]
    order = [name for name in rows["method"].unique() if name != YARDSTICK]
    names = [YARDSTICK, *reversed(order)]
    seeds = table.loc[table["seed"] != ALL_SEEDS, "seed"].nunique()
    drawn = [p for p in PANELS if (rows["measure"] == p[0]).any()]
    title = "Clustering methods"
    subtitle = (
        f"{table['k'].iloc[0]} clusters, {seeds} repetitions, {period}; bars: 95 % over days; "
        "crosses: on surrogate maps without clusters"
    )
    fig = figure(
        2.9 * len(drawn) + 0.6, 1.6 + 0.32 * len(names), title=title, subtitle=subtitle, world=world
    )
    axes = np.atleast_1d(fig.subplots(1, len(drawn), sharey=True))
    places = np.arange(len(names))
    for ax, (measure, group, label) in zip(axes, drawn, strict=True):
        part = rows[(rows["measure"] == measure) & (rows["group"] == group)]
        part = part.set_index("method").reindex(names)
        intervals(ax, places, part, across=True, color=colour(0))
        ax.plot(part["null"], places, "x", color=colour(1), markersize=6)
        ax.axvline(0, color="#777777", linewidth=0.8)
        ax.set_yticks(places, names)
        ax.set(xlabel=label, ylim=(-0.6, len(names) - 0.4))
        ax.grid(axis="x")
    return fig
