"""Figure of a self-organising map: the units on their grid."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from rainscore.report.figures.style import figure, styled


@styled
def plot_units(
    members: np.ndarray,
    values: np.ndarray,
    *,
    label: str,
    title: str,
    subtitle: str,
    world: str = "real",
) -> Figure:
    """Draw the units of a self-organising map as a grid of images in coloured frames.

    Args:
        members: Image of each unit, dims (row, column, channel, y, x), such as
            `DESOM.decoded_map()`. The first channel is drawn, with one colour scale for all units;
            NaN is missing and drawn grey.
        values: Value of each unit that colours its frame, dims (row, column); NaN is missing and
            drawn grey.
        label: Label of the values with their unit.
        title, subtitle, world: Arguments of `style.figure`.
    """
    rows, columns = members.shape[:2]
    side = max(0.6, 5 / columns)  # room for the title
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
