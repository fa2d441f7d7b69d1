"""Figures of the training: learning curves, and reconstruction error by latent size."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from rainscore.report.figures.style import colour, figure, styled
from rainscore.report.numbers import count


@styled
def plot_learning(curves: Mapping[str, pd.DataFrame], *, period: str, world: str) -> Figure:
    """Draw the loss of each network on the training and the validation days by epoch.

    Args:
        curves: Learning curve of each network, by name: epoch, training, validation (loss, 1).
        period: Period of the data.
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
        label = f"kept network: epoch {best}"
        ax.axvline(best, color="#777777", linewidth=0.8, linestyle=":", label=label)
        ax.set(title=name, xlabel="epoch", ylabel="loss [1]")
        ax.locator_params(axis="x", integer=True)
        ax.grid(axis="y")
        ax.legend()
    return fig


@styled
def plot_latent_sizes(sizes: pd.DataFrame, *, period: str, world: str) -> Figure:
    """Draw the reconstruction error on the validation maps against the latent size.

    Args:
        sizes: Table of `latentsizes.compare_latents`.
        period: Period of the data.
        world: 'simulated' or 'real'.
    """
    subtitle = f"{count(sizes['maps'].max())} maps of the validation days; {period}"
    title = "Reconstruction of rain maps by latent size"
    fig = figure(5.2, 3.8, title=title, subtitle=subtitle, world=world)
    ax = fig.subplots()
    for i, (method, part) in enumerate(sizes.groupby("method")):
        rows = part.sort_values("latent")
        style = "o-" if method == "auto-encoder" else "s--"
        ax.plot(rows["latent"], 100 * rows["share"], style, color=colour(i), label=method)
    latents = sorted(sizes["latent"].unique())
    ax.set_xscale("log")
    ax.set_xticks(latents, [str(size) for size in latents])
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set(
        xlabel="latent size [values per map]", ylabel="unexplained variance of the scaled rain [%]"
    )
    ax.set_ylim(bottom=0)
    ax.grid(axis="y")
    ax.legend()
    return fig
