"""Head of the picture of a scored map: its score as a large number, its interval and a word."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from rainscore.scores.grades import GRADES, grade

GRADE_COLOURS = {"poor": "#b2182b", "fair": "#c47a00", "good": "#1b7837"}
"""Colours of the words, dark enough for text on white."""


@dataclass(frozen=True)
class Verdict:
    """What the head states.

    Attributes:
        score: Map score, or the median of the windows of a globe; NaN without a score.
        low, high: Interval; NaN without one.
        words: What the interval is, or why there is no score or interval.
    """

    score: float
    low: float
    high: float
    words: str

    @property
    def grade(self) -> str:
        """Word for the score."""
        return grade(self.score)


def verdict(dataset: xr.Dataset) -> Verdict:
    """Main result of a scored map (docs/prediction.md)."""
    if "window_lat" in dataset:
        scores = dataset["map_score"].values
        known = scores[np.isfinite(scores)]
        if not known.size:
            return Verdict(np.nan, np.nan, np.nan, "no window has rain")
        low, middle, high = (float(q) for q in np.quantile(known, [0.1, 0.5, 0.9]))
        words = f"median of {known.size} windows; 8 of 10: {low:.2f} to {high:.2f}"
        return Verdict(middle, low, high, words)
    score, low, high = (float(dataset[f"map_score{end}"]) for end in ("", "_low", "_high"))
    if np.isnan(score):
        if dataset.attrs.get("map_score_withheld"):
            share = 100 * dataset.attrs["withheld_share"]
            return Verdict(score, low, high, f"withheld: {share:.0f} % unlike the training")
        dry = np.isfinite(dataset["precipitation"]).any()
        return Verdict(score, low, high, "no rain" if dry else "IMERG is missing in the window")
    if np.isnan(low):
        return Verdict(score, low, high, "no interval for this size of window")
    return Verdict(score, low, high, f"90 % interval {low:.2f} to {high:.2f}")


def draw_banner(fig: Figure, result: Verdict, *, left: float, top: float) -> None:
    """Draw the number, the word, the interval and a scale from 0 to 1.

    Args:
        fig: Figure.
        result: What is stated.
        left, top: Upper left corner [inches from the left and from the top of the figure].
    """
    width, height = fig.get_size_inches()

    def text(x: float, y: float, words: str, **options) -> None:
        fig.text((left + x) / width, 1 - (top + y) / height, words, **options)

    colour = GRADE_COLOURS.get(result.grade, "#555555")
    if np.isfinite(result.score):
        number = f"{result.score:.2f}"
        text(-0.04, 0.68, number, size=46, weight="bold", color=colour, va="baseline")
        text(1.72, 0.68, result.grade, size=20, color=colour, va="baseline")
        text(1.74, 0.32, "map score", size=9, color="#555555", va="baseline")
    else:
        text(0, 0.6, "no map score", size=26, weight="bold", color=colour, va="baseline")
    text(0, 0.92, result.words, size=8.5, va="baseline")
    _draw_scale(fig, result, (left, top + 1.02))


def _draw_scale(fig: Figure, result: Verdict, corner: tuple[float, float]) -> None:
    """Draw the words along a scale from 0 to 1, with the score and its interval."""
    width, height = fig.get_size_inches()
    size = BANNER_WIDTH - 0.1, 0.24
    ax = fig.add_axes(
        (corner[0] / width, 1 - (corner[1] + size[1]) / height, size[0] / width, size[1] / height)
    )
    ax.set(xlim=(0, 1), ylim=(0, 1), yticks=[], label="scale")
    ax.spines[:].set_visible(False)
    ends = [*sorted(GRADES.values()), 1.0]
    for word, low, high in zip(("poor", "fair", "good"), ends, ends[1:], strict=False):
        ax.add_patch(Rectangle((low, 0), high - low, 1, color=GRADE_COLOURS[word], alpha=0.25))
        ax.text((low + high) / 2, 0.68, word, size=7, ha="center", va="center")
    if np.isfinite(result.low):
        ax.plot([result.low, result.high], [0.25, 0.25], color="black", linewidth=1.5)
    if np.isfinite(result.score):
        ax.plot(result.score, 0.25, "D", color="black", markersize=5)
    ax.set_xticks(ends)
    ax.tick_params(length=2, labelsize=7, width=0.5, pad=1)


BANNER_WIDTH = 3.1
"""Width of the head [inches]."""

BANNER_HEIGHT = 1.5
"""Height of the head [inches]."""
