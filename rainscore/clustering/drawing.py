"""The map of a self-organising map, drawn: what each unit stands for, in its place."""

from pathlib import Path

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from rainscore.figures.style import figure, save, styled


@styled
def draw_map(
    members: np.ndarray,
    values: np.ndarray,
    path: Path,
    *,
    label: str,
    title: str,
    subtitle: str,
    world: str = "real",
) -> None:
    """Draw the decoded units of a map as a grid of small images in coloured frames.

    Args:
        members: Dims (rows, columns, channels, h, w), of `DESOM.decoded_map`; the first channel is
            drawn, all units in the same shades.
        values: Dims (rows, columns), what colours the frames, such as the mean score of the unit's
            maps; NaN, grey, where it has none.
        path: Picture, `.svg` or `.png`.
        label: What the values are, with unit.
        title, subtitle, world: Of `figures.style.figure`.
    """
    rows, columns = members.shape[:2]
    fig = figure(0.6 * columns + 1.2, 0.6 * rows + 0.7, title=title, subtitle=subtitle, world=world)
    axes = fig.subplots(rows, columns, squeeze=False)
    low, high = np.quantile(members[:, :, 0], [0.01, 0.99])
    scale = ScalarMappable(Normalize(np.nanmin(values), np.nanmax(values)), "viridis")
    for (row, column), axis in np.ndenumerate(axes):
        axis.imshow(members[row, column, 0], cmap="Blues", vmin=low, vmax=high)
        axis.set(xticks=[], yticks=[])
        value = values[row, column]
        for spine in axis.spines.values():
            frame = scale.to_rgba(value) if np.isfinite(value) else "lightgrey"
            spine.set(visible=True, color=frame, linewidth=2.5)
    fig.colorbar(scale, ax=axes, label=label, shrink=0.6)
    save(fig, path)
