"""Style of all figures: fonts, colours, head lines, points with intervals, and saving."""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rainscore.io import replacing
from rainscore.report.numbers import count

log = logging.getLogger("rainscore")


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
"""Colours of Okabe and Ito, distinct for colour-blind readers; the yellow is darkened."""


MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<")


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function to draw in `STYLE` without changing matplotlib's global settings."""

    @wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with matplotlib.rc_context(STYLE):
            return draw(*args, **kwargs)

    return wrapper


def colour(index: int) -> str:
    """Return the colour of a line; the colours repeat after eight."""
    return COLOURS[index % len(COLOURS)]


def marker(index: int) -> str:
    """Return the marker of a group; it changes each time the colours repeat."""
    return MARKERS[index // len(COLOURS) % len(MARKERS)]


def figure(width: float, height: float, *, title: str, subtitle: str, world: str) -> Figure:
    """Return an empty figure with a title and a subtitle.

    Args:
        width, height: Size [inches].
        title: Title; '(simulated world)' or '(hourly radar)' is appended.
        subtitle: Sample size, period, and the kind of interval.
        world: 'simulated', 'hourly' (a real radar with hourly sums) or 'real'.
    """
    fig = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    head = 0.27 * (title.count("\n") + subtitle.count("\n")) + 0.5
    # Matplotlib's type stubs do not declare the `rect` of the constrained layout.
    fig.get_layout_engine().set(rect=(0, 0, 1, 1 - head / height))  # type: ignore[union-attr, call-arg]  # constrained
    suffix = {"simulated": " (simulated world)", "hourly": " (hourly radar)"}.get(world, "")
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
    """Draw points with their intervals.

    Args:
        ax: Axes to draw on.
        x: Positions along x, dims (n,); positions along y if `across`.
        table: Columns value, low, high, n rows; a NaN interval draws the point without bar.
        across: Draw the values along x.
        options: Options of `Axes.errorbar`.
    """
    value = table["value"].to_numpy(float)
    spread = np.abs(table[["low", "high"]].to_numpy(float).T - value)
    settings: dict[str, Any] = {"fmt": "o", "markersize": 4.5, "elinewidth": 1.4, **options}
    if across:
        ax.errorbar(value, x, xerr=spread, **settings)
    else:
        ax.errorbar(x, value, yerr=spread, **settings)


def without_data(fig: Figure, reason: str) -> Figure:
    """Write in the middle of an empty figure why there is nothing to draw; return the figure."""
    fig.text(0.5, 0.5, reason, ha="center", size=10)
    return fig


def sample_text(n: float, unit: str, days: float, period: str) -> str:
    """Return sample size and period as text: '35 088 maps, 731 days, 2019-01 to 2020-12'."""
    ending = "day" if days == 1 else "days"
    return f"{count(n)} {unit}, {count(days)} {ending}, {period}"


def draw_figures(
    drawings: Mapping[str, Callable[..., Figure]], paths: Iterable[str], *arguments: object
) -> None:
    """Draw and save figures one by one.

    Args:
        drawings: Function that draws each figure, by name.
        paths: Files to write; the stem is the name of the figure.
        arguments: Arguments of the functions.
    """
    for path in map(Path, paths):
        log.info("drawing %s", path)
        save(drawings[path.stem](*arguments), path)


def save(fig: Figure, path: Path | str, *, dpi: float | None = None) -> None:
    """Save a figure; the suffix is the format. Equal figures give equal files.

    Args:
        fig: Figure.
        path: File to write.
        dpi: Resolution of pixels; None: that of `STYLE`.

    Raises:
        ValueError: matplotlib does not support the format.
    """
    kind = Path(path).suffix.lstrip(".")
    with matplotlib.rc_context(STYLE), replacing(path) as temporary:
        metadata = {"Date": None} if kind == "svg" else None
        fig.savefig(temporary, format=kind, metadata=metadata, dpi=dpi or "figure")
