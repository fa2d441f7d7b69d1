"""The map of a self-organising map, drawn: what each unit stands for, in its place."""

from pathlib import Path

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from rainscore.report.figures.style import figure, save, styled


def draw_map(members: np.ndarray, values: np.ndarray, path: Path, **words: str) -> None:
    """Draw a map into a picture, `.svg` or `.png`; arguments as for `plot_map`."""
    save(plot_map(members, values, **words), path)


@styled
def plot_map(
    members: np.ndarray,
    values: np.ndarray,
    *,
    label: str,
    title: str,
    subtitle: str,
    world: str = "real",
) -> Figure:
    """The units of a map as a grid of small images in coloured frames.

    Args:
        members: What the units stand for, dims (rows, columns, channels, h, w), such as those of
            `DESOM.decoded_map`; the first channel is drawn, all units in the same shades; NaN,
            grey, is missing.
        values: Dims (rows, columns), what colours the frames, such as the mean score of the unit's
            maps; NaN, grey, where it has none.
        label: What the values are, with unit.
        title, subtitle, world: Of `figures.style.figure`.
    """
    rows, columns = members.shape[:2]
    side = max(0.6, 5 / columns)  # the head lines want their room
    size = (side * columns + 1.2, side * rows + 0.7 + 0.2 * subtitle.count("\n"))
    fig = figure(*size, title=title, subtitle=subtitle, world=world)
    axes = fig.subplots(rows, columns, squeeze=False)
    low, high = np.nanquantile(members[:, :, 0], [0.01, 0.99])
    scale = ScalarMappable(Normalize(np.nanmin(values), np.nanmax(values)), "viridis")
    for (row, column), axis in np.ndenumerate(axes):
        axis.set_facecolor("lightgrey")
        axis.imshow(members[row, column, 0], cmap="Blues", vmin=low, vmax=high)
        axis.set(xticks=[], yticks=[])
        value = values[row, column]
        for spine in axis.spines.values():
            frame = scale.to_rgba(value) if np.isfinite(value) else "lightgrey"
            spine.set(visible=True, color=frame, linewidth=2.5)
    fig.colorbar(scale, ax=axes, label=label, shrink=0.6)
    return fig
