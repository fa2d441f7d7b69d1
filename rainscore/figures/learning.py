"""Learning curves."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from rainscore.figures.style import colour, figure, styled


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
