"""Figures of the importance of channels, and of cases."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rainscore.grids import Grid
from rainscore.report.figures.mapaxes import LABELS, Kind, aspect, colour_bar, paint
from rainscore.report.figures.style import colour, figure, intervals, sample, styled


@styled
def plot_case(
    rain: np.ndarray,
    radar: np.ndarray,
    found: np.ndarray,
    predicted: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    times: np.ndarray,
    *,
    grid: Grid,
    score_grid: Grid,
    world: str,
) -> Figure:
    """Half-hours one under the other: IMERG, radar, score found and predicted, width of interval.

    Args:
        rain, radar: Dims (time, ny, nx) on `grid`, mm/h; NaN missing.
        found, predicted, low, high: Score found, predicted median and 90 % interval, dims
            (time, ny, nx) on `score_grid`, 1; NaN where not defined, drawn white.
        times: Starts of the half-hours, dims (time,), UTC.
        grid, score_grid: The study grid and the learning grid.
        world: 'simulated' or 'real'.
    """
    names = ("IMERG", "radar", "score found", "score predicted", "width of the 90 % interval")
    kinds: tuple[Kind, ...] = ("rain", "rain", "score", "score", "width")
    first, last = (pd.Timestamp(t).strftime("%Y-%m-%d %H:%M") for t in (times[0], times[-1]))
    subtitle = f"{len(times)} held-out half-hours, {first} to {last} UTC; white: no score defined"
    height = 1.5 + len(times) * (0.3 + 2.25 * aspect(grid))
    title = "Scores found and predicted"
    fig = figure(13, height, title=title, subtitle=subtitle, world=world)
    axes = fig.subplots(len(times), 5, squeeze=False)
    for row, time in enumerate(times):
        fields = (rain[row], radar[row], found[row], predicted[row], high[row] - low[row])
        meshes = []
        for ax, values, kind in zip(axes[row], fields, kinds, strict=True):
            if kind == "rain":
                meshes.append(paint(ax, values, grid, kind=kind))
            else:
                meshes.append(paint(ax, values, score_grid, kind=kind, blank=np.isnan(values)))
        label = pd.Timestamp(time).strftime("%Y-%m-%d %H:%M")
        axes[row, 0].set_ylabel(label, size=8, weight="bold")
    for ax, name in zip(axes[0], names, strict=True):
        ax.set_title(name)
    colour_bar(meshes[0], list(axes[:, :2].ravel()), label=LABELS["rain"])
    colour_bar(meshes[2], list(axes[:, 2:4].ravel()), label=LABELS["score"])
    colour_bar(meshes[4], list(axes[:, 4]), label=LABELS["width"])
    return fig


SHOWN = (
    "rain",
    "change over the half-hours around",
    "microwave source",
    "time from microwave passes",
    "weight of the infrared",
)


@styled
def plot_importance(importance: pd.DataFrame, *, period: str, world: str) -> Figure:
    """Increase of the error when a group of inputs is exchanged, the largest on top.

    Args:
        importance: Columns group, value, low, high [1] (95 % over days), days, n, of
            `importance.permutation_importance`.
        period: In words.
        world: 'simulated' or 'real'.
    """
    rows = importance.sort_values("value").reset_index(drop=True)
    found = sample(rows["n"].max(), "windows with rain", rows["days"].max(), period)
    title = "Which inputs the U-Net needs"
    subtitle = f"held-out days: {found}; bars: 95 % over days"
    fig = figure(7.5, 1.5 + 0.35 * len(rows), title=title, subtitle=subtitle, world=world)
    ax = fig.subplots()
    percent = rows.assign(**{name: 100 * rows[name] for name in ("value", "low", "high")})
    intervals(ax, rows.index.to_numpy(), percent, across=True, color=colour(0))
    ax.axvline(0, color="#777777", linewidth=0.8)
    ax.set_yticks(rows.index, rows["group"])
    ax.set(xlabel="increase of the CRPS when exchanged with another day's [%]")
    ax.set(ylim=(-0.6, len(rows) - 0.4))
    ax.grid(axis="x")
    return fig


@styled
def plot_sensitivity(
    shown: Sequence[tuple[Grid, np.ndarray, Mapping[str, np.ndarray]]],
    times: np.ndarray,
    *,
    world: str,
) -> Figure:
    """Half-hours one under the other: rain, and what the score of the marked window depends on.

    Args:
        shown: For each half-hour the grid around its window, which is in the middle; the rain
            there [mm/h]; and of `importance.sensitivity`, by group [1].
        times: Starts of the half-hours, dims (time,), UTC.
        world: 'simulated' or 'real'.
    """
    first, last = (pd.Timestamp(t).strftime("%Y-%m-%d %H:%M") for t in (times[0], times[-1]))
    subtitle = (
        f"{len(times)} held-out half-hours, {first} to {last} UTC; cross: the window of most rain"
    )
    title = "What the predicted score of one window depends on, and where"
    height = 1.5 + len(times) * (0.3 + 2.0 * aspect(shown[0][0]))
    fig = figure(14, height, title=title, subtitle=subtitle, world=world)
    axes = fig.subplots(len(times), 1 + len(SHOWN), squeeze=False)
    # The window itself outshines all else: the scale ends at a quarter of it.
    most = max(float(depends[name].max()) for _, _, depends in shown for name in SHOWN)
    limits = (0.0, max(most, 1e-6) / 4)
    for row, (time, (grid, rain, depends)) in enumerate(zip(times, shown, strict=True)):
        meshes = [paint(axes[row, 0], rain, grid, kind="rain")]
        meshes += [
            paint(ax, depends[name], grid, kind="width", limits=limits)
            for ax, name in zip(axes[row, 1:], SHOWN, strict=True)
        ]
        for ax in axes[row]:
            middle = grid.x[grid.nx // 2], grid.y[grid.ny // 2]
            ax.plot(*middle, "+", color="#009e73", markersize=9, markeredgewidth=1.6)
        axes[row, 0].set_ylabel(pd.Timestamp(time).strftime("%Y-%m-%d %H:%M"), size=8)
    for ax, name in zip(axes[0], ("IMERG", *SHOWN), strict=True):
        ax.set_title(name, size=8)
    colour_bar(meshes[0], list(axes[:, 0]), label=LABELS["rain"])
    label = "change of the score for a usual change of the pixel's inputs [1]; darkest: or more"
    colour_bar(meshes[1], list(axes[:, 1:].ravel()), label=label)
    return fig
