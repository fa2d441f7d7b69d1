"""Figures of the importance of the U-Net's inputs: permutation, and U-Nets without some inputs."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rainscore.report.figures.style import colour, figure, intervals, sample_text, styled


@styled
def plot_importance(importance: pd.DataFrame, *, period: str, world: str) -> Figure:
    """Draw the increase of the CRPS when a group of inputs is permuted, the largest on top.

    Args:
        importance: Table of `importance.permutation_importance`: group, value, low, high [1] (95 %
            interval from resampled days), days, n.
        period: Period of the data.
        world: 'simulated' or 'real'.
    """
    rows = importance.sort_values("value").reset_index(drop=True)
    windows = sample_text(rows["n"].max(), "windows with rain", rows["days"].max(), period)
    title = "Importance of the U-Net's inputs"
    subtitle = f"held-out days: {windows}\nbars: 95 % interval from resampled days"
    fig = figure(7.5, 1.7 + 0.35 * len(rows), title=title, subtitle=subtitle, world=world)
    percent = rows.assign(**{name: 100 * rows[name] for name in ("value", "low", "high")})
    label = "increase of the CRPS when permuted [%]"
    _draw_rows(fig, percent, list(rows["group"]), label)
    return fig


@styled
def plot_ablation(table: pd.DataFrame, *, period: str, world: str) -> Figure:
    """Draw the CRPS of other U-Nets, or with fewer inputs, relative to that of the run's U-Net.

    Args:
        table: Table of `ablation.compare_variants`.
        period: Period of the data.
        world: 'simulated' or 'real'.
    """
    rows = table[table["measure"] == "crps"].sort_values("difference", ascending=False)
    reference = rows["value"] - rows["difference"]
    percent = pd.DataFrame(
        {
            "value": 100 * rows["difference"] / reference,
            "low": 100 * rows["difference_low"] / reference,
            "high": 100 * rows["difference_high"] / reference,
        }
    )
    windows = sample_text(rows["n"].max(), "windows with rain", rows["days"].max(), period)
    subtitle = f"held-out days: at most {windows}\nbars: paired 95 % interval from resampled days"
    title = "U-Nets with fewer inputs or other training data"
    fig = figure(6.4, 1.9 + 0.3 * len(rows), title=title, subtitle=subtitle, world=world)
    label = "CRPS relative to the run's U-Net, difference [%]\n(lower is better)"
    _draw_rows(fig, percent, list(rows["variant"]), label)
    return fig


def _draw_rows(fig: Figure, percent: pd.DataFrame, names: list[str], label: str) -> None:
    """Draw one named row per value with its interval, and a line at zero."""
    ax = fig.subplots()
    heights = np.arange(len(percent))
    intervals(ax, heights, percent, across=True, color=colour(0))
    ax.axvline(0, color="#777777", linewidth=0.8)
    ax.set_yticks(heights, names)
    ax.set(xlabel=label, ylim=(-0.6, len(percent) - 0.4))
    ax.grid(axis="x")
