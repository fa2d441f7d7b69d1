"""Figures of held-out half-hours: observed and predicted scores, and sensitivity of the score."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rainscore.grids import Grid
from rainscore.report.figures.mapaxes import (
    LABELS,
    MapColumn,
    aspect,
    colour_bar,
    draw_map_table,
    paint,
)
from rainscore.report.figures.style import figure, styled

SENSITIVITY_GROUPS = (
    "rain",
    "change over the half-hours around",
    "microwave source",
    "time from microwave passes",
    "weight of the infrared",
)
"""Groups of inputs whose sensitivity is drawn, of `evaluation.importance.CHANNEL_GROUPS`."""


@dataclass(frozen=True)
class CaseMaps:
    """Maps of held-out half-hours.

    Attributes:
        imerg, radar: Rain rates, dims (time, y, x) on `grid`, mm/h; NaN is missing.
        observed: Score against the radar, dims (time, y, x) on `score_grid`, 1; NaN where it is
            not defined.
        median, low, high: Median and 90 % interval of the predicted score, as `observed`.
        grid: Study grid.
        score_grid: Learning grid.
    """

    imerg: np.ndarray
    radar: np.ndarray
    observed: np.ndarray
    median: np.ndarray
    low: np.ndarray
    high: np.ndarray
    grid: Grid
    score_grid: Grid

    def at(self, number: int) -> "CaseMaps":
        """Return the maps of one half-hour."""
        names = ("imerg", "radar", "observed", "median", "low", "high")
        cut = {name: getattr(self, name)[number : number + 1] for name in names}
        return CaseMaps(**cut, grid=self.grid, score_grid=self.score_grid)


@styled
def plot_cases(maps: CaseMaps, times: np.ndarray, *, world: str) -> Figure:
    """Draw one row per half-hour: IMERG, radar, observed score, predicted score, interval width.

    Args:
        maps: Maps of the half-hours.
        times: Starts of the half-hours, dims (time,), UTC.
        world: 'simulated' or 'real'.
    """
    width = maps.high - maps.low
    columns = (
        MapColumn("IMERG", maps.imerg, "rain", maps.grid),
        MapColumn("radar", maps.radar, "rain", maps.grid),
        MapColumn("observed score", maps.observed, "score", maps.score_grid),
        MapColumn("predicted score (median)", maps.median, "score", maps.score_grid),
        MapColumn("width of the 90 % interval", width, "width", maps.score_grid),
    )
    subtitle = f"{_times_text(times)}; white: no score defined; hatched: missing"
    height = 1.5 + len(times) * (0.3 + 2.25 * aspect(maps.grid))
    title = "Observed and predicted scores"
    fig = figure(13, height, title=title, subtitle=subtitle, world=world)
    draw_map_table(fig, columns, [f"{pd.Timestamp(time):%Y-%m-%d %H:%M}" for time in times])
    return fig


@dataclass(frozen=True)
class WindowSensitivity:
    """Sensitivity of the predicted score of one window to the inputs around it.

    Attributes:
        grid: Grid of the pixels around the window, which is in the middle.
        rain: Rain of IMERG there, dims (y, x), mm/h.
        influence: Change of the score when the inputs of a pixel change by their standard
            deviation, dims (y, x), 1, by group of inputs; of `importance.sensitivity`.
    """

    grid: Grid
    rain: np.ndarray
    influence: Mapping[str, np.ndarray]


@styled
def plot_sensitivity(
    windows: Sequence[WindowSensitivity], times: np.ndarray, *, world: str
) -> Figure:
    """Draw one row per half-hour: rain, and the sensitivity of the score to each group of inputs.

    Args:
        windows: Sensitivity of one window of each half-hour.
        times: Starts of the half-hours, dims (time,), UTC.
        world: 'simulated' or 'real'.
    """
    subtitle = f"{_times_text(times)}; cross: the window with the most rain"
    title = "Sensitivity of the predicted score of one window to its inputs"
    height = 1.5 + len(times) * (0.3 + 2.0 * aspect(windows[0].grid))
    fig = figure(14, height, title=title, subtitle=subtitle, world=world)
    axes = fig.subplots(len(times), 1 + len(SENSITIVITY_GROUPS), squeeze=False)
    # The centre of the window has by far the largest values: the scale ends at a quarter of them.
    largest = max(
        float(window.influence[name].max()) for window in windows for name in SENSITIVITY_GROUPS
    )
    limits = (0.0, max(largest, 1e-6) / 4)
    for row, (time, window) in enumerate(zip(times, windows, strict=True)):
        grid = window.grid
        meshes = [paint(axes[row, 0], window.rain, grid, kind="rain")]
        meshes += [
            paint(ax, window.influence[name], grid, kind="width", limits=limits)
            for ax, name in zip(axes[row, 1:], SENSITIVITY_GROUPS, strict=True)
        ]
        for ax in axes[row]:
            middle = grid.x[grid.nx // 2], grid.y[grid.ny // 2]
            ax.plot(*middle, "+", color="#009e73", markersize=9, markeredgewidth=1.6)
        axes[row, 0].set_ylabel(pd.Timestamp(time).strftime("%Y-%m-%d %H:%M"), size=8)
    for ax, name in zip(axes[0], ("IMERG", *SENSITIVITY_GROUPS), strict=True):
        ax.set_title(name, size=8)
    colour_bar(meshes[0], list(axes[:, 0]), label=LABELS["rain"])
    label = (
        "change of the score for a change of the inputs by one standard deviation [1]; "
        "larger values have the darkest colour"
    )
    colour_bar(meshes[1], list(axes[:, 1:].ravel()), label=label)
    return fig


def _times_text(times: np.ndarray) -> str:
    first, last = (pd.Timestamp(t).strftime("%Y-%m-%d %H:%M") for t in (times[0], times[-1]))
    if len(times) == 1:
        return f"held-out half-hour of {first} UTC"
    return f"{len(times)} held-out half-hours, {first} to {last} UTC"
