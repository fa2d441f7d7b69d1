"""A few half-hours in full: rain, radar, score found, score predicted."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rainscore.figures.style import figure, styled
from rainscore.grids import Grid
from rainscore.maps import LABELS, Kind, aspect, colour_bar, paint


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
