"""Maps of fields in their own projection, with coastlines, borders and a graticule."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import matplotlib
import numpy as np
import pyproj
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap, Normalize
from matplotlib.figure import Figure

from rainscore.grids import Grid
from rainscore.report.figures.graticule import decorate, pixel_edges

Kind = Literal["rain", "score", "width", "probability", "bias"]


RAIN_CLASSES = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
"""Lower bounds of the rain classes [mm/h]; lower rates are drawn white."""


# From pale yellow-green to deep violet-blue: the lightness L* decreases by equal steps, so that the
# order of the classes is visible with any colour vision deficiency.
RAIN_COLOURS = (
    "#e6f5b2", "#a9ddb7", "#69c5be", "#33a7c2", "#1e88bc",
    "#216aad", "#234b9f", "#1e2e85", "#081d58",
)  # fmt: skip


LABELS = {
    "rain": "rain [mm/h]",
    "score": "score [1]",
    "width": "width of the 90 % interval [1]",
    "probability": "probability [1]",
    "bias": "relative bias [1]",
}


MISSING: dict[str, Any] = {
    "facecolor": "#e9e9e9", "edgecolor": "#bdbdbd", "hatch": "////", "linewidth": 0,
}  # fmt: skip
"""Look of the background of a map, which is visible where a field is missing."""


COLOUR_MAPS = {"score": "viridis", "width": "magma_r", "probability": "Blues", "bias": "BrBG"}


def colours(kind: Kind, limits: tuple[float, float] = (0.0, 1.0)) -> tuple[Colormap, Normalize]:
    """Return the colour map and the normalisation of a kind of field.

    Args:
        kind: Kind of field.
        limits: Ends of the colour scale; ignored for rain, which has discrete classes.

    Raises:
        ValueError: `kind` is not a kind of field.
    """
    if kind == "rain":
        return rain_colours(RAIN_CLASSES)
    if kind not in COLOUR_MAPS:
        raise ValueError(f"unknown kind of map {kind!r}: choose one of {', '.join(LABELS)}")
    return matplotlib.colormaps[COLOUR_MAPS[kind]], Normalize(*limits)


def rain_colours(classes: Sequence[float]) -> tuple[Colormap, BoundaryNorm]:
    """Return the colour map and the normalisation of classes of rain.

    Args:
        classes: Lower bounds of the classes [mm/h], one per colour; lower rates are white.
    """
    cmap = ListedColormap(RAIN_COLOURS, under="white", over=RAIN_COLOURS[-1])
    return cmap, BoundaryNorm([*classes, 1e6], len(RAIN_COLOURS))


def paint(
    ax: Axes,
    values: np.ndarray,
    grid: Grid,
    *,
    kind: Kind,
    blank: np.ndarray | None = None,
    limits: tuple[float, float] = (0.0, 1.0),
    every_side: bool = False,
) -> QuadMesh:
    """Draw a field on its grid with outlines and a labelled graticule, without colour bar.

    Args:
        ax: Axes to draw on.
        values: Field, dims (y, x), mm/h or 1; NaN is missing and drawn as hatched light grey.
        grid: Grid of the field, in any coordinate reference system; it must not contain a pole.
        kind: Kind of field, which sets the colours.
        blank: Mask, dims (y, x); pixels where it is true are white: dry or undefined, not missing.
        limits: Ends of the colour scale; ignored for rain.
        every_side: Whether meridians and parallels are labelled on all four sides.

    Returns:
        Drawn mesh, from which a colour bar can be made.

    Raises:
        ValueError: The shape of `values` is not that of `grid`, or `kind` is not a kind of field.
    """
    if values.shape != grid.shape:
        raise ValueError(f"the field has shape {values.shape}, its grid {grid.shape}")
    cmap, norm = colours(kind, limits)
    x, y = pixel_edges(grid)
    ax.patch.set(**MISSING)
    if blank is not None:
        white = np.where(blank, 0.0, np.nan)
        ax.pcolormesh(x, y, white, cmap=ListedColormap(["white"]), rasterized=True)
    mesh = ax.pcolormesh(x, y, values, cmap=cmap, norm=norm, rasterized=True)
    decorate(ax, grid, every_side=every_side)
    ax.set(xlim=(x.min(), x.max()), ylim=(y.min(), y.max()), aspect=_stretch(grid))
    return mesh


def draw_map(
    ax: Axes,
    values: np.ndarray,
    grid: Grid,
    *,
    kind: Kind,
    blank: np.ndarray | None = None,
    limits: tuple[float, float] = (0.0, 1.0),
    label: str | None = None,
) -> QuadMesh:
    """Draw a field as `paint` does and add a colour bar.

    Args:
        ax, values, grid, kind, blank, limits: Arguments of `paint`.
        label: Label of the colour bar: quantity and unit; by default that of `kind`.

    Returns:
        Drawn mesh.
    """
    mesh = paint(ax, values, grid, kind=kind, blank=blank, limits=limits)
    colour_bar(mesh, [ax], label=label or LABELS[kind])
    return mesh


class MapColumn(NamedTuple):
    """Column of a table of maps.

    Attributes:
        title: Title above the column.
        fields: Fields, dims (row, y, x); NaN is missing in rain and undefined in other kinds.
        kind: Kind of the fields.
        grid: Grid of the fields.
    """

    title: str
    fields: np.ndarray
    kind: Kind
    grid: Grid


def draw_map_table(fig: Figure, columns: Sequence[MapColumn], labels: Sequence[str]) -> None:
    """Draw one row of maps per label, and one colour bar for each kind of field.

    Args:
        fig: Figure without axes.
        columns: Columns; those of one kind are adjacent. Undefined pixels of scores and widths are
            white, missing rain is hatched.
        labels: Labels of the rows.
    """
    axes = fig.subplots(len(labels), len(columns), squeeze=False)
    meshes: dict[Kind, QuadMesh] = {}
    for column, (title, fields, kind, grid) in enumerate(columns):
        for ax, field in zip(axes[:, column], fields, strict=True):
            blank = None if kind == "rain" else np.isnan(field)
            meshes[kind] = paint(ax, field, grid, kind=kind, blank=blank)
        axes[0, column].set_title(title)
    for ax, label in zip(axes[:, 0], labels, strict=True):
        ax.set_ylabel(label, size=8, weight="bold")
    for kind, mesh in meshes.items():
        same = [column.kind == kind for column in columns]
        colour_bar(mesh, list(axes[:, same].ravel()), label=LABELS[kind])


def colour_bar(mesh: QuadMesh, axes: list[Axes], *, label: str, into: Axes | None = None) -> None:
    """Add a horizontal colour bar below the axes that share it.

    Args:
        mesh: Map whose colours it explains.
        axes: Axes that share the colours.
        label: Quantity and unit.
        into: Axes of the bar; None: as long as the axes together, below them.
    """
    classes = mesh.norm.boundaries[:-1] if isinstance(mesh.norm, BoundaryNorm) else None
    columns = len({ax.get_position().x0 for ax in axes})
    length = min(0.95, 2.5 / columns)
    below: dict[str, Any] = {
        "ax": axes, "location": "bottom", "pad": 0.03,
        "shrink": length, "aspect": 28 * length * columns,
    }  # fmt: skip
    place = below if into is None else {"cax": into, "orientation": "horizontal"}
    bar = axes[0].figure.colorbar(mesh, label=label, ticks=classes, **place)
    if classes is not None:
        bar.ax.set_xticklabels([f"{c:g}" for c in classes])
    bar.outline.set_linewidth(0.5)
    if bar.solids is not None:
        bar.solids.set_rasterized(True)


def aspect(grid: Grid) -> float:
    """Return the ratio of height to width of the drawn map of a grid."""
    return abs(grid.ny * grid.dy / (grid.nx * grid.dx)) * _stretch(grid)


def _stretch(grid: Grid) -> float:
    """Return the drawn length of one unit of y relative to one unit of x.

    It is 1 for projected grids; for degrees it is 1 / cos(latitude) at the centre of the map.
    """
    if not pyproj.CRS(grid.crs).is_geographic:
        return 1.0
    return float(1 / np.cos(np.deg2rad(grid.y.mean())))
