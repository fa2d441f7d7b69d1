"""Learning curves."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from rainscore.report.figures.style import colour, count, figure, intervals, sample, styled


@styled
def plot_learning(curves: Mapping[str, pd.DataFrame], *, period: str, world: str) -> Figure:
    """Loss of each network on the training and the validation days, epoch by epoch.

    Args:
        curves: For each network (its name is shown) columns epoch, training, validation (loss, 1).
        period: In words.
        world: 'simulated' or 'real'.
    """
    epochs = ", ".join(f"{name} {len(curve)} epochs" for name, curve in curves.items())
    width = 0.6 + 3.6 * len(curves)
    fig = figure(width, 3.6, title="Learning curves", subtitle=f"{epochs}; {period}", world=world)
    axes = fig.subplots(1, len(curves), squeeze=False)[0]
    for ax, (name, curve) in zip(axes, curves.items(), strict=True):
        for i, split in enumerate(("training", "validation")):
            ax.plot(curve["epoch"], curve[split], "o-", markersize=3, color=colour(i), label=split)
        best = curve["epoch"].iloc[int(curve["validation"].argmin())]
        label = f"kept: epoch {best}"
        ax.axvline(best, color="#777777", linewidth=0.8, linestyle=":", label=label)
        ax.set(title=name, xlabel="epoch", ylabel="loss [1]")
        ax.locator_params(axis="x", integer=True)
        ax.grid(axis="y")
        ax.legend()
    return fig


@styled
def plot_latent_sizes(sizes: pd.DataFrame, *, period: str, world: str) -> Figure:
    """Reconstruction error on the validation maps against the size of the latent vector.

    Args:
        sizes: Of `latentsizes.compare_latents`.
        period: In words.
        world: 'simulated' or 'real'.
    """
    subtitle = f"{count(sizes['maps'].max())} maps of the validation days; {period}"
    title = "Rain maps rebuilt from a vector"
    fig = figure(5.2, 3.8, title=title, subtitle=subtitle, world=world)
    ax = fig.subplots()
    for i, (method, part) in enumerate(sizes.groupby("method")):
        rows = part.sort_values("latent")
        style = "o-" if method == "auto-encoder" else "s--"
        ax.plot(rows["latent"], 100 * rows["share"], style, color=colour(i), label=method)
    known = sorted(sizes["latent"].unique())
    ax.set_xscale("log")
    ax.set_xticks(known, [str(size) for size in known])
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set(xlabel="numbers a map", ylabel="variance of the scaled rain not rebuilt [%]")
    ax.set_ylim(bottom=0)
    ax.grid(axis="y")
    ax.legend()
    return fig


@styled
def plot_ablation(table: pd.DataFrame, *, period: str, world: str) -> Figure:
    """How much worse variants of the U-Net, or the U-Net told less, are, on the same windows.

    Args:
        table: Of `ablation.compare_variants`.
        period: In words.
        world: 'simulated' or 'real'.
    """
    rows = table[table["measure"] == "crps"].sort_values("difference", ascending=False)
    whole = rows["value"] - rows["difference"]
    share = pd.DataFrame(
        {
            "value": 100 * rows["difference"] / whole,
            "low": 100 * rows["difference_low"] / whole,
            "high": 100 * rows["difference_high"] / whole,
        }
    )
    windows = sample(rows["n"].max(), "windows with rain", rows["days"].max(), period)
    subtitle = f"held-out days: at most {windows}\nbars: 95 % over days, paired"
    title = "The U-Net told less, and others, beside it"
    fig = figure(6.4, 1.9 + 0.3 * len(rows), title=title, subtitle=subtitle, world=world)
    ax = fig.subplots()
    places = np.arange(len(rows))
    intervals(ax, places, share, across=True, color=colour(0))
    ax.axvline(0, color="#777777", linewidth=0.8)
    ax.set_yticks(places, list(rows["variant"]))
    ax.set(xlabel="CRPS above that of the U-Net [%]\n(less is better)")
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.grid(axis="x")
    return fig
