"""Figures of the data: availability, and lag between radar and microwave."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rainscore.report.figures.style import colour, figure, sample_text, styled, without_data
from rainscore.report.numbers import count

STATES = {"present": "#56b4e9", "missing": "#bbbbbb", "damaged": "#d55e00"}


@styled
def plot_availability(manifests: Mapping[str, pd.DataFrame], *, world: str) -> Figure:
    """Draw the share of each day's half-hours or frames that are present, missing or damaged.

    Args:
        manifests: Manifest of the whole period of each product, by name: time (UTC), state
            ('present', 'missing', 'damaged'). Days without an entry are omitted from the axis.
        world: 'simulated' or 'real'.
    """
    times = pd.concat([table["time"] for table in manifests.values()])
    days = pd.DatetimeIndex(np.sort(times.dt.normalize().unique()))
    frames = sum(len(table) for table in manifests.values())
    period = f"{days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}"
    subtitle = sample_text(frames, "files or frames", len(days), period)
    title = "Availability of the data"
    fig = figure(8, 1 + 1.5 * len(manifests), title=title, subtitle=subtitle, world=world)
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
    axes[-1].set_xlabel("day of the period (UTC)")
    return fig


@styled
def plot_lag(lag: pd.DataFrame, best: dict[str, Any], *, period: str, world: str) -> Figure:
    """Draw the correlation of the radar with microwave-only pixels against the lag between them.

    Args:
        lag: Columns lag [min], value, low, high (correlation and its 95 % interval) [1], n.
        best: Metadata of the lag table: best, low, high [min], half_hours, and
            timestamp_convention of the radar.
        period: Period of the data, such as '2020-01 to 2021-12'.
        world: 'simulated' or 'real'.
    """
    pairs = lag["n"].max() if len(lag) else 0
    subtitle = (
        f"{count(best['half_hours'])} half-hours with microwave rain, {count(pairs)} cells, "
        f"{period}\ntime stamps of the radar read as: {best['timestamp_convention']}; "
        "band: 95 % interval"
    )
    title = "Correlation of radar and microwave by time lag"
    fig = figure(7, 4.2, title=title, subtitle=subtitle, world=world)
    if lag.empty:
        return without_data(fig, "no half-hour has rain in both the microwave and the radar")
    ax = fig.subplots()
    ax.set(xlabel="radar later than the microwave observation [min]", ylabel="correlation [1]")
    ax.grid(True)
    ax.fill_between(lag["lag"], lag["low"], lag["high"], color=colour(0), alpha=0.2, linewidth=0)
    ax.plot(lag["lag"], lag["value"], color=colour(0), marker="o", markersize=3.5)
    ax.axvspan(best["low"], best["high"], color=colour(1), alpha=0.15, linewidth=0)
    ax.axvline(best["best"], color=colour(1))
    bound = " or beyond" if best["best"] in (lag["lag"].min(), lag["lag"].max()) else ""
    ax.set_title(
        f"highest at{bound} {best['best']:+.1f} min [{best['low']:+.1f}, {best['high']:+.1f}]; "
        "a wrong time convention shifts it by one step"
    )
    return fig
