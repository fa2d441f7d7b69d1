"""Maps of fields on their own grid, with coastlines, borders and a graticule."""

from functools import cache
from pathlib import Path
from typing import Literal

import matplotlib
import numpy as np
import pyproj
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap, Normalize

from rainscore.grids import Grid

Kind = Literal["rain", "score", "width", "probability", "bias"]


OUTLINES = Path(__file__).parents[2] / "data" / "outlines.npz"


RAIN_CLASSES = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
"""Lower bounds [mm/h] of the rain classes; less is drawn as dry."""


# From pale yellow-green to deep violet-blue: lightness L* falls by equal steps, which also keeps
# the order for every kind of colour vision.
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


@cache
def _pieces() -> tuple[list[np.ndarray], np.ndarray]:
    """Every line of the outlines, and its bounding box (west, south, east, north)."""
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
    """Coastlines and land borders that reach a box (Natural Earth 1:10m, simplified).

    Args:
        lon_min, lat_min, lon_max, lat_max: The box [degrees]; longitudes within −180 and 180.

    Returns:
        Lines, each (n, 2): longitude, latitude [degrees]. They may stick out of the box.
    """
    pieces, boxes = _pieces()
    west, south, east, north = boxes.T
    inside = (west <= lon_max) & (east >= lon_min) & (south <= lat_max) & (north >= lat_min)
    return [pieces[i] for i in np.flatnonzero(inside)]


def colours(kind: Kind, limits: tuple[float, float] = (0.0, 1.0)) -> tuple[Colormap, Normalize]:
    """Colour map and normalisation of a kind of field; rain has discrete classes, no `limits`.

    Raises:
        ValueError: `kind` is not known.
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
    """Draw a field on its own grid, with outlines and a labelled graticule, without colour bar.

    Args:
        ax: Axes to draw on.
        values: (ny, nx), mm/h or 1; NaN is missing: light hatched grey.
        grid: Where the pixels are; any reference system, a window that holds no pole.
        kind: Chooses the colours: 'rain', 'score', 'width', 'probability' or 'bias'.
        blank: (ny, nx) bool; where true the pixel is white: not missing, but dry or undefined.
        limits: Ends of the colour scale (not of rain).

    Returns:
        The drawn mesh, for a colour bar.

    Raises:
        ValueError: The shape of `values` is not that of `grid`, or `kind` is not known.
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
    """`paint` a field and add its colour bar, labelled with quantity and unit."""
    mesh = paint(ax, values, grid, kind=kind, blank=blank, limits=limits)
    colour_bar(mesh, [ax], label=label or LABELS[kind])
    return mesh


def colour_bar(mesh: QuadMesh, axes: list[Axes], *, label: str) -> None:
    """Add a horizontal colour bar under the axes of a grid of panels that share it."""
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
    """Height over width of a grid's map as it is drawn."""
    return abs(grid.ny * grid.dy / (grid.nx * grid.dx)) * _stretch(grid)


def _stretch(grid: Grid) -> float:
    """Length of a unit of y over one of x on the page: degrees keep their true ratio mid-map."""
    if not pyproj.CRS(grid.crs).is_geographic:
        return 1.0
    return float(1 / np.cos(np.deg2rad(grid.y.mean())))


def _decorate(ax: Axes, grid: Grid, x: np.ndarray, y: np.ndarray) -> None:
    """Outlines and graticule; `x`, `y`: ascending edges of the pixels."""
    project = pyproj.Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True).transform
    unproject = pyproj.Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform
    lon, lat = unproject(*np.meshgrid(x[:: max(1, x.size // 50)], y[:: max(1, y.size // 50)]))
    box = lon.min() - 0.5, lat.min() - 0.5, lon.max() + 0.5, lat.max() + 0.5

    coast = _joined([project(*line.T) for line in outlines(*box)])
    # White under dark: readable on pale and on deep colours.
    ax.plot(*coast, color="white", linewidth=1.3, alpha=0.6, zorder=1.5, rasterized=True)
    # As pixels: a coast is a hundred times larger as a path.
    ax.plot(*coast, color="#222222", linewidth=0.55, rasterized=True)

    meridians, parallels = _round_values(box[0], box[2]), _round_values(box[1], box[3])
    along_lon, along_lat = np.linspace(*box[::2], 100), np.linspace(*box[1::2], 100)
    net = [project(np.full(100, m), along_lat) for m in meridians]
    net += [project(along_lon, np.full(100, p)) for p in parallels]
    ax.plot(*_joined(net), color="#777777", linewidth=0.4, alpha=0.6)

    # The ticks stand where the lines leave the map: longitude rises along the bottom edge and
    # latitude along the left one, so that interpolation inverts them.
    bottom = np.asarray(unproject(x, np.full(x.size, y[0]))[0])
    left = np.asarray(unproject(np.full(y.size, x[0]), y)[1])
    meridians = meridians[(meridians >= bottom.min()) & (meridians <= bottom.max())]
    parallels = parallels[(parallels >= left.min()) & (parallels <= left.max())]
    ax.set_xticks(np.interp(meridians, bottom, x), [_degrees(m, "EW") for m in meridians])
    ax.set_yticks(np.interp(parallels, left, y), [_degrees(p, "NS") for p in parallels])
    ax.tick_params(length=2, labelsize=7, width=0.5)


def _joined(lines: list) -> np.ndarray:
    """Lines as one (2, n) array, with NaN between them: one path draws them all."""
    gap = np.full((2, 1), np.nan)
    return np.hstack([gap, *(part for line in lines for part in (np.asarray(line), gap))])


def _round_values(low: float, high: float) -> np.ndarray:
    """Multiples of a round step [degrees] between two values, about four of them."""
    step = next((s for s in GRATICULE_STEPS if (high - low) / s <= 5), 60)
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step


def _degrees(value: float, hemispheres: str) -> str:
    """An angle as on a map: 2°W, 45°N, 0°."""
    suffix = "" if value == 0 else hemispheres[0] if value > 0 else hemispheres[1]
    return f"{abs(value):g}°{suffix}"
