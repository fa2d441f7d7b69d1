"""What the period holds: days with data, gaps, damaged files."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rainscore.figures.style import count, figure, sample, styled

STATES = {"present": "#56b4e9", "missing": "#bbbbbb", "damaged": "#d55e00"}


@styled
def plot_availability(manifests: Mapping[str, pd.DataFrame], *, world: str) -> Figure:
    """Share of each day's half-hours or frames that are present, missing or damaged.

    Args:
        manifests: For each product (its name is shown) the manifest of the whole period: columns
            time (UTC), state ('present', 'missing', 'damaged'). Days follow one another; days
            outside the period are left out.
        world: 'simulated' or 'real'.
    """
    times = pd.concat([table["time"] for table in manifests.values()])
    days = pd.DatetimeIndex(np.sort(times.dt.normalize().unique()))
    frames = sum(len(table) for table in manifests.values())
    period = f"{days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}"
    subtitle = sample(frames, "files or frames", len(days), period)
    fig = figure(8, 1 + 1.5 * len(manifests), title="Availability", subtitle=subtitle, world=world)
    axes = fig.subplots(len(manifests), 1, sharex=True, squeeze=False)[:, 0]
    edges = np.arange(len(days) + 1)
    for ax, (name, table) in zip(axes, manifests.items(), strict=True):
        number = pd.crosstab(table["time"].dt.normalize(), table["state"])
        number = number.reindex(index=days, columns=list(STATES), fill_value=0)
        share = 100 * number.div(number.sum(axis=1), axis=0)
        below = np.zeros(len(days))
        for state, shade in STATES.items():
            above = below + share[state].to_numpy()
            bottom, top = np.append(below, below[-1]), np.append(above, above[-1])
            total = number[state].sum()
            label = f"{state} {count(total)} ({100 * total / len(table):.1f} %)"
            ax.fill_between(edges, bottom, top, step="post", color=shade, linewidth=0, label=label)
            below = above
        ax.set(title=name, ylabel="share of day [%]", ylim=(0, 100), xlim=(0, len(days)))
        options = {"handlelength": 1, "columnspacing": 1, "borderaxespad": 0.1}
        ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, **options)
    months = np.flatnonzero(np.r_[True, np.diff(days.month) != 0]).tolist()
    months = months[:: int(np.ceil(len(months) / 10))]
    axes[-1].set_xticks(months, [f"{days[i]:%Y-%m}" for i in months], ha="left")
    axes[-1].set_xlabel("days of the period, in order (UTC)")
    return fig
