"""What all figures share: fonts, colours, head lines, and saving with the same bytes every time."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rainscore.io import replacing

P = ParamSpec("P")


R = TypeVar("R")


STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "hatch.linewidth": 0.5,
    "path.simplify_threshold": 0.6,
    "svg.hashsalt": "rainscore",
    "savefig.dpi": 150,
}


COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#b5a800")
"""Okabe and Ito's qualitative set, safe for colour-blind readers (its yellow darkened)."""


MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<")


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Draw under the project's style and leave matplotlib's own settings alone."""

    @wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with matplotlib.rc_context(STYLE):
            return draw(*args, **kwargs)

    return wrapper


def colour(i: int) -> str:
    """Colour of the i-th line; after eight they repeat, and `marker` changes."""
    return COLOURS[i % len(COLOURS)]


def marker(i: int) -> str:
    """Marker of the i-th group: changes each time the colours repeat."""
    return MARKERS[i // len(COLOURS) % len(MARKERS)]


def figure(width: float, height: float, *, title: str, subtitle: str, world: str) -> Figure:
    """An empty figure with its title, and under it the sample, the period and the world.

    Args:
        width, height: Size [inches].
        title: What is shown.
        subtitle: Sample size and period.
        world: 'simulated' or 'real'; the first is said in the title.
    """
    fig = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    head = 0.27 * (title.count("\n") + subtitle.count("\n")) + 0.5
    # Matplotlib's types know no layout but None; the constrained one has a `rect`.
    fig.get_layout_engine().set(rect=(0, 0, 1, 1 - head / height))  # type: ignore[union-attr, call-arg]
    suffix = " (simulated world)" if world == "simulated" else ""
    left = 0.1 / width
    fig.text(left, 1 - 0.08 / height, title + suffix, va="top", size=11, weight="bold")
    below = 0.31 + 0.2 * title.count("\n")
    fig.text(
        left, 1 - below / height, subtitle, va="top", size=8.5, color="#555555", linespacing=1.4
    )
    return fig


def intervals(
    ax: Axes, x: np.ndarray, table: pd.DataFrame, *, across: bool = False, **options: Any
) -> None:
    """Points with their intervals: columns `value`, `low`, `high` of `table`, at positions `x`.

    Args:
        ax: Axes to draw on.
        x: (n,) positions; heights where `across`.
        table: n rows; a missing interval leaves the point alone.
        across: Draw the values along x, one row a height.
        options: For `Axes.errorbar`.
    """
    value = table["value"].to_numpy(float)
    spread = np.abs(table[["low", "high"]].to_numpy(float).T - value)
    settings: dict[str, Any] = {"fmt": "o", "markersize": 4.5, "elinewidth": 1.4, **options}
    if across:
        ax.errorbar(value, x, xerr=spread, **settings)
    else:
        ax.errorbar(x, value, yerr=spread, **settings)


def nothing(fig: Figure, why: str) -> Figure:
    """The figure with a sentence in its middle that says why there is nothing to draw."""
    fig.text(0.5, 0.5, why, ha="center", size=10)
    return fig


def count(n: float) -> str:
    """A sample size, its thousands apart: 35 088."""
    return f"{round(n):,}".replace(",", "\u202f")


def sample(n: float, what: str, days: float, period: str) -> str:
    """The line under a title: '35 088 maps, 731 days, 2019-01 to 2020-12'."""
    ending = "day" if days == 1 else "days"
    return f"{count(n)} {what}, {count(days)} {ending}, {period}"


def save(fig: Figure, path: Path | str) -> None:
    """Save a figure (format by suffix); the same figure gives the same bytes.

    Raises:
        ValueError: matplotlib does not know the suffix.
    """
    kind = Path(path).suffix.lstrip(".")
    with matplotlib.rc_context(STYLE), replacing(path) as temporary:
        fig.savefig(temporary, format=kind, metadata={"Date": None} if kind == "svg" else None)
