"""Figures of the codes of windows: skill by number of codes, and the atlas of the families."""

from math import ceil
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from rainscore.report.figures.mapaxes import LABELS, MISSING, colour_bar, rain_colours
from rainscore.report.figures.style import colour, figure, styled
from rainscore.report.numbers import count
from rainscore.scores.distribution import BINS, MASSES

COLUMNS = 3
"""Families per row of the atlas."""

PATCH_CLASSES = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
"""Lower bounds of the rain classes of the atlas [mm/h]; they are lower than those of maps, because
prototypes are means."""

ENCODERS = {
    "tuned": "U-Net trained with codes",
    "decoder": "U-Net, last decoder level",
    "bottleneck": "U-Net, lowest level",
    "channels": "auto-encoder, all channels",
    "rain": "auto-encoder, rain",
    "pixel": "rain at the pixel",
}
"""Names of the representations of windows, in the order of the figure."""

TITLE_WIDTH = 44
"""Maximum number of characters of a line of a title."""


@styled
def plot_code_curve(curve: pd.DataFrame, *, world: str) -> Figure:
    """Draw the CRPS skill on the validation days against the number of codes.

    Args:
        curve: Table of `codecurve.code_curve`.
        world: 'simulated' or 'real'.
    """
    subtitle = f"{count(curve['n'].max())} windows of {curve['days'].max()} validation days"
    fig = figure(9, 3.8, title="Skill by number of codes", subtitle=subtitle, world=world)
    ax = fig.subplots()
    ax.fill_between(curve["k"], curve["low"], curve["high"], color=colour(0), alpha=0.15)
    ax.plot(curve["k"], curve["crps_skill"], "o-", markersize=4, color=colour(0))
    ax.set_xscale("log")
    ax.set_xticks(curve["k"], [str(k) for k in curve["k"]])
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set(xlabel="number of codes", ylabel="CRPS skill of the local score [1]")
    ax.grid()
    return fig


@styled
def plot_atlas(
    families: pd.DataFrame,
    examples: np.ndarray,
    prototypes: np.ndarray,
    masses: np.ndarray,
    *,
    world: str,
) -> Figure:
    """Draw an example, the prototype and the distribution of the score of each family.

    A cross marks the window in the rain around it.

    Args:
        families: Rows of `atlas.describe_codes`, one per family.
        examples: Rain around the example of each [mm/h], dims (family, y, x), NaN where missing.
        prototypes: Prototype of each [mm/h], dims (family, y, x), NaN where missing.
        masses: Distribution of the score of each, dims (family, mass).
        world: 'simulated' or 'real'.
    """
    rows = ceil(len(families) / COLUMNS)
    subtitle = f"{count(families['windows'].sum())} windows of {families['days'].max()} days"
    fig = figure(
        3.2 * COLUMNS, 0.6 + 3.3 * rows,
        title="Atlas of the families of codes", subtitle=subtitle, world=world,
    )  # fmt: skip
    grid = fig.add_gridspec(2 * rows, 2 * COLUMNS, height_ratios=[1.7, 1] * rows)
    fig.get_layout_engine().set(w_pad=0.09)  # type: ignore[union-attr, call-arg]  # constrained
    for i, (_, family) in enumerate(families.iterrows()):
        row, column = divmod(i, COLUMNS)
        for kind, (name, patches) in enumerate(
            {"an example": examples, "prototype": prototypes}.items()
        ):
            ax = fig.add_subplot(grid[2 * row, 2 * column + kind])
            mesh = _draw_patch(ax, patches[i])
            ax.set_xlabel(name)
            if kind == 0:
                title = f"{family['number']}: {family['name']}\n"
                lines = "\n".join(wrap(title, TITLE_WIDTH))
                share = f"{100 * family['share']:.0f} % of windows"
                ax.set_title(f"{lines}\n{share}", fontsize="small")
        below = fig.add_subplot(grid[2 * row + 1, 2 * column : 2 * column + 2])
        _draw_masses(below, masses[i], family["median"])
    colour_bar(mesh, fig.axes, label=LABELS["rain"])
    return fig


def _draw_patch(ax: Axes, patch: np.ndarray) -> QuadMesh:
    """Draw the rain around a window, dims (y, x) [mm/h], with a cross at the window."""
    palette, norm = rain_colours(PATCH_CLASSES)
    ax.patch.set(**MISSING)
    mesh = ax.pcolormesh(patch, cmap=palette, norm=norm, rasterized=True)
    middle = len(patch) / 2
    ax.plot(middle, middle, "+", color=colour(1), markersize=8)
    ax.set(xticks=[], yticks=[], aspect="equal", ylim=(len(patch), 0))
    return mesh


def _draw_masses(ax: Axes, masses: np.ndarray, median: float) -> None:
    """Draw the distribution of the score of a family, and its median."""
    # The outer bars are the probabilities of scores of exactly 0 and exactly 1.
    hues = [colour(1), *[colour(0)] * BINS, colour(1)]
    ax.bar((np.arange(MASSES) - 0.5) / BINS, masses, width=0.9 / BINS, color=hues)
    ax.axvline(median, color="#333333", linewidth=0.8, linestyle=":")
    ax.set(xlim=(-0.08, 1.08), xlabel="local score [1]", yticks=[])


@styled
def plot_encoders(skill: pd.DataFrame, *, world: str) -> Figure:
    """Draw the share of the U-Net's skill that codes keep, by encoder, method and number.

    Args:
        skill: Table of `encoderskill.compare_encoders`.
        world: 'simulated' or 'real'.
    """
    shares = skill[skill["measure"] == "of_unet"]
    kinds, numbers = shares["kind"].unique(), sorted(shares["codes"].unique())
    names = {
        (encoder, method): f"{title}: {method.replace('_', ' ')}"
        for encoder, title in ENCODERS.items()
        for method in shares.loc[shares["encoder"] == encoder, "method"].unique()
    }
    subtitle = f"{count(shares['n'].max())} windows; means of {shares['seeds'].max()} seeds"
    fig = figure(
        3.2 + 3.0 * len(kinds), 1.4 + 0.34 * len(names),
        title="Codes of windows by encoder and method", subtitle=subtitle, world=world,
    )  # fmt: skip
    axes = fig.subplots(1, len(kinds), squeeze=False, sharey=True)[0]
    for ax, kind in zip(axes, kinds, strict=True):
        for i, number in enumerate(numbers):
            rows = shares[(shares["kind"] == kind) & (shares["codes"] == number)]
            rows = rows.set_index(["encoder", "method"]).reindex(list(names))
            y = np.arange(len(names)) + 0.25 * (i - (len(numbers) - 1) / 2)
            ax.hlines(y, 100 * rows["low"], 100 * rows["high"], color=colour(i), linewidth=1)
            ax.plot(100 * rows["value"], y, "o", markersize=4, color=colour(i), label=number)
        ax.set(xlabel="share of the U-Net's skill [%]")
        ax.set_title(kind, loc="center", fontsize="small")
        ax.grid(axis="x")
    axes[0].set_yticks(np.arange(len(names)), list(names.values()))
    axes[0].invert_yaxis()
    axes[-1].legend(title="codes")
    return fig
