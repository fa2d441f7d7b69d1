"""Maps of fields in their own projection, with coastlines, borders and a graticule."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import matplotlib
import numpy as np
import pyproj
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap, Normalize
from matplotlib.figure import Figure

from rainscore.grids import Grid

Kind = Literal["rain", "score", "width", "probability", "bias"]


OUTLINES = Path(__file__).parents[2] / "data" / "outlines.npz"
"""Coastlines and land borders of Natural Earth, public domain."""


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


COLOUR_MAPS = {"score": "cividis", "width": "magma_r", "probability": "PuRd", "bias": "BrBG"}


GRATICULE_STEPS = (0.5, 1, 2, 5, 10, 20, 30, 60)
"""Distances between the lines of a graticule [degrees]."""


@cache
def _pieces() -> tuple[list[np.ndarray], np.ndarray]:
    """Return all lines of the outlines and their bounding boxes (west, south, east, north)."""
    with np.load(OUTLINES) as file:
        unit, start, length, steps = (file[name] for name in ("unit", "start", "length", "steps"))
    ends = np.cumsum(length.astype(int) - 1)
    pieces = [
        (np.vstack([first, first + np.cumsum(run.astype(int), axis=0)]) * unit)
        for first, run in zip(start, np.split(steps, ends[:-1]), strict=True)
    ]
    boxes = np.array([[*piece.min(axis=0), *piece.max(axis=0)] for piece in pieces])
    return pieces, boxes


def outlines(lon_min: float, lat_min: float, lon_max: float, lat_max: float) -> list[np.ndarray]:
    """Return the coastlines and land borders that intersect a box.

    The outlines are those of Natural Earth 1:10m, simplified.

    Args:
        lon_min, lat_min, lon_max, lat_max: Bounds of the box [degrees]; longitudes from −180 to
            180.

    Returns:
        Lines, dims (n, 2): longitude, latitude [degrees]. Lines may extend beyond the box.
    """
    pieces, boxes = _pieces()
    west, south, east, north = boxes.T
    inside = (west <= lon_max) & (east >= lon_min) & (south <= lat_max) & (north >= lat_min)
    return [pieces[i] for i in np.flatnonzero(inside)]


def colours(kind: Kind, limits: tuple[float, float] = (0.0, 1.0)) -> tuple[Colormap, Normalize]:
    """Return the colour map and the normalisation of a kind of field.

    Args:
        kind: Kind of field.
        limits: Ends of the colour scale; ignored for rain, which has discrete classes.

    Raises:
        ValueError: `kind` is not a kind of field.
    """
    if kind == "rain":
        cmap = ListedColormap(RAIN_COLOURS, under="white", over=RAIN_COLOURS[-1])
        return cmap, BoundaryNorm([*RAIN_CLASSES, 1e6], len(RAIN_COLOURS))
    if kind not in COLOUR_MAPS:
        raise ValueError(f"unknown kind of map {kind!r}: choose one of {', '.join(LABELS)}")
    return matplotlib.colormaps[COLOUR_MAPS[kind]], Normalize(*limits)


def paint(
    ax: Axes,
    values: np.ndarray,
    grid: Grid,
    *,
    kind: Kind,
    blank: np.ndarray | None = None,
    limits: tuple[float, float] = (0.0, 1.0),
) -> QuadMesh:
    """Draw a field on its grid with outlines and a labelled graticule, without colour bar.

    Args:
        ax: Axes to draw on.
        values: Field, dims (y, x), mm/h or 1; NaN is missing and drawn as hatched light grey.
        grid: Grid of the field, in any coordinate reference system; it must not contain a pole.
        kind: Kind of field, which sets the colours.
        blank: Mask, dims (y, x); pixels where it is true are white: dry or undefined, not missing.
        limits: Ends of the colour scale; ignored for rain.

    Returns:
        Drawn mesh, from which a colour bar can be made.

    Raises:
        ValueError: The shape of `values` is not that of `grid`, or `kind` is not a kind of field.
    """
    if values.shape != grid.shape:
        raise ValueError(f"the field has shape {values.shape}, its grid {grid.shape}")
    cmap, norm = colours(kind, limits)
    x = grid.x0 + np.arange(grid.nx + 1) * grid.dx
    y = grid.y0 + np.arange(grid.ny + 1) * grid.dy
    ax.patch.set(facecolor="#e9e9e9", edgecolor="#bdbdbd", hatch="////", linewidth=0)
    if blank is not None:
        white = np.where(blank, 0.0, np.nan)
        ax.pcolormesh(x, y, white, cmap=ListedColormap(["white"]), rasterized=True)
    mesh = ax.pcolormesh(x, y, values, cmap=cmap, norm=norm, rasterized=True)
    _decorate(ax, grid, np.sort(x), np.sort(y))
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


def colour_bar(mesh: QuadMesh, axes: list[Axes], *, label: str) -> None:
    """Add a horizontal colour bar below the axes that share it."""
    rain = isinstance(mesh.norm, BoundaryNorm)
    columns = len({ax.get_position().x0 for ax in axes})
    length = min(0.95, 2.5 / columns)
    bar = axes[0].figure.colorbar(
        mesh,
        ax=axes,
        location="bottom",
        label=label,
        shrink=length,
        aspect=28 * length * columns,
        pad=0.03,
        ticks=RAIN_CLASSES if rain else None,
    )
    if rain:
        bar.ax.set_xticklabels([f"{c:g}" for c in RAIN_CLASSES])
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


def _decorate(ax: Axes, grid: Grid, x: np.ndarray, y: np.ndarray) -> None:
    """Draw outlines and graticule; `x`, `y` are the pixel edges in ascending order."""
    project = pyproj.Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True).transform
    unproject = pyproj.Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform
    lon, lat = unproject(*np.meshgrid(x[:: max(1, x.size // 50)], y[:: max(1, y.size // 50)]))
    box = lon.min() - 0.5, lat.min() - 0.5, lon.max() + 0.5, lat.max() + 0.5

    coast = _joined([project(*line.T) for line in outlines(*box)])
    # White below dark lines: visible on light and on dark colours.
    ax.plot(*coast, color="white", linewidth=1.3, alpha=0.6, zorder=1.5, rasterized=True)
    # Rasterised: as vectors the coastlines would take a hundred times the space.
    ax.plot(*coast, color="#222222", linewidth=0.55, rasterized=True)

    meridians, parallels = _round_values(box[0], box[2]), _round_values(box[1], box[3])
    along_lon, along_lat = np.linspace(*box[::2], 100), np.linspace(*box[1::2], 100)
    net = [project(np.full(100, m), along_lat) for m in meridians]
    net += [project(along_lon, np.full(100, p)) for p in parallels]
    ax.plot(*_joined(net), color="#777777", linewidth=0.4, alpha=0.6)

    # Ticks are at the intersections of the graticule with the bottom and left edges; longitude and
    # latitude increase along these edges, so that they can be inverted by interpolation.
    bottom = np.asarray(unproject(x, np.full(x.size, y[0]))[0])
    left = np.asarray(unproject(np.full(y.size, x[0]), y)[1])
    meridians = meridians[(meridians >= bottom.min()) & (meridians <= bottom.max())]
    parallels = parallels[(parallels >= left.min()) & (parallels <= left.max())]
    ax.set_xticks(np.interp(meridians, bottom, x), [_degrees(m, "EW") for m in meridians])
    ax.set_yticks(np.interp(parallels, left, y), [_degrees(p, "NS") for p in parallels])
    ax.tick_params(length=2, labelsize=7, width=0.5)


def _joined(lines: list) -> np.ndarray:
    """Return lines as one array, dims (2, n), separated by NaN, to draw them as one path."""
    gap = np.full((2, 1), np.nan)
    return np.hstack([gap, *(part for line in lines for part in (np.asarray(line), gap))])


def _round_values(low: float, high: float) -> np.ndarray:
    """Return multiples of a round step [degrees] between two values, about four of them."""
    step = next((s for s in GRATICULE_STEPS if (high - low) / s <= 5), 60)
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step


def _degrees(value: float, hemispheres: str) -> str:
    """Return an angle with its hemisphere: 2°W, 45°N, 0°."""
    suffix = "" if value == 0 else hemispheres[0] if value > 0 else hemispheres[1]
    return f"{abs(value):g}°{suffix}"
