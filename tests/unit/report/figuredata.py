"""Tables and helpers that the tests of the figures share."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from rainscore.grids import study_grid

GRID = study_grid(centre=(2.5, 46.6), size_km=160, step_km=8)
TIMES = pd.date_range("2019-01-01", periods=96, freq="30min")
PERIOD = "2019-01"


def rng() -> np.random.Generator:
    """Random generator with a fixed seed."""
    return np.random.default_rng(5)


def table(**columns: list) -> pd.DataFrame:
    """Table with the columns, random values, intervals of ± 0.1, and sample sizes."""
    frame = pd.DataFrame(columns)
    value = rng().uniform(0.2, 0.8, len(frame))
    return frame.assign(value=value, low=value - 0.1, high=value + 0.1, n=1234, days=12)


def points(ax: Axes) -> np.ndarray:
    """Points drawn with intervals, dims (n, 2): x, y, in the order of y."""
    parts = [
        np.column_stack(container[0].get_data())
        for container in ax.containers
        if isinstance(container, ErrorbarContainer)
    ]
    drawn = np.concatenate(parts)
    return drawn[np.argsort(drawn[:, 1])]


def bars(ax: Axes) -> np.ndarray:
    """Ends of the intervals of the drawn points along x, dims (n, 2), in the order of y."""
    segments = [
        segment
        for container in ax.containers
        if isinstance(container, ErrorbarContainer)
        for collection in container[2]
        for segment in collection.get_segments()
        if len(segment)
    ]
    ordered = sorted(segments, key=lambda segment: segment[0, 1])
    return np.array([segment[:, 0] for segment in ordered])


def ticks(ax: Axes) -> list[str]:
    """Labels of the y axis from bottom to top."""
    labels = sorted(ax.get_yticklabels(), key=lambda label: label.get_position()[1])
    return [label.get_text() for label in labels]


def line_points(line: Line2D) -> np.ndarray:
    """Points of a line, dims (n, 2): x, y."""
    return np.column_stack([np.asarray(line.get_xdata()), np.asarray(line.get_ydata())])


def labelled_lines(ax: Axes) -> dict[str, np.ndarray]:
    """Points of each line by label."""
    return {str(line.get_label()): line_points(line) for line in ax.lines}


def colour_values(collection: Collection) -> np.ndarray:
    """Values that a mesh or scatter shows as colours; NaN is missing."""
    return np.ma.filled(np.ma.asarray(collection.get_array()), np.nan)


def heights(ax: Axes) -> list[float]:
    """Heights of the drawn bars."""
    return [patch.get_height() for patch in ax.patches if isinstance(patch, Rectangle)]
