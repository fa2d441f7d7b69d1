"""Coastlines, borders, and labelled meridians and parallels of a map."""

from functools import cache
from pathlib import Path

import numpy as np
import pyproj
from matplotlib.axes import Axes

from rainscore.grids import KM_PER_DEGREE, Grid

OUTLINES = Path(__file__).parents[2] / "data" / "outlines.npz"
"""Coastlines and land borders of Natural Earth, public domain."""


GRATICULE_STEPS = (0.5, 1, 2, 5, 10, 20, 30, 60)
"""Distances between the lines of a graticule [degrees]."""


FULL_WIDTH_KM = 1200.0
"""Width of a map up to which coastlines have their full line width [km]."""


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
        lon_min, lat_min, lon_max, lat_max: Bounds of the box [degrees]; longitudes may be beyond
            180 for a box across the date line.

    Returns:
        Lines, dims (n, 2): longitude, latitude [degrees], in the range of longitudes of the box.
        Lines may extend beyond the box.
    """
    pieces, boxes = _pieces()
    west, south, east, north = boxes.T
    inside_lat = (south <= lat_max) & (north >= lat_min)
    lines = []
    for turn in (-360.0, 0.0, 360.0):
        inside = inside_lat & (west + turn <= lon_max) & (east + turn >= lon_min)
        lines += [pieces[i] + [turn, 0.0] if turn else pieces[i] for i in np.flatnonzero(inside)]
    return lines


def decorate(ax: Axes, grid: Grid, *, every_side: bool = False) -> None:
    """Draw outlines and graticule on a map.

    Args:
        ax: Axes, in the coordinates of the grid.
        grid: Grid of the map; it must not contain a pole.
        every_side: Whether all four sides are labelled, instead of the left and the bottom.
    """
    x, y = (np.sort(edges) for edges in pixel_edges(grid))
    project, unproject = _projection(grid), _unprojection(grid)
    lon, lat = unproject(*np.meshgrid(x[:: max(1, x.size // 50)], y[:: max(1, y.size // 50)]))
    lon, lat = lon[np.isfinite(lon)], lat[np.isfinite(lat)]
    box = lon.min() - 0.5, max(lat.min() - 0.5, -90), lon.max() + 0.5, min(lat.max() + 0.5, 90)

    thin = line_scale(grid)
    lines = [np.array(project(*line.T)) for line in outlines(*box)]
    coast = _joined([np.where(np.isfinite(line), line, np.nan) for line in lines])
    # White below dark lines: visible on light and on dark colours.
    ax.plot(*coast, color="white", linewidth=1.3 * thin, alpha=0.6, zorder=1.5, rasterized=True)
    # Rasterised: as vectors the coastlines would take a hundred times the space.
    ax.plot(*coast, color="#222222", linewidth=0.55 * thin, rasterized=True)

    meridians, parallels = _round_values(box[0], box[2]), _round_values(box[1], box[3])
    along_lon, along_lat = np.linspace(*box[::2], 100), np.linspace(*box[1::2], 100)
    net = [np.array(project(np.full(100, m), along_lat)) for m in meridians]
    net += [np.array(project(along_lon, np.full(100, p))) for p in parallels]
    ax.plot(*_joined(net), color="#777777", linewidth=0.4, alpha=0.6)

    def ticks(row: int | None, column: int | None) -> tuple[list[float], list[str]]:
        if row is not None:
            values = np.asarray(unproject(x, np.full(x.size, y[row]))[0])
            return _crossings(values, x, meridians, "EW")
        assert column is not None
        values = np.asarray(unproject(np.full(y.size, x[column]), y)[1])
        return _crossings(values, y, parallels, "NS")

    ax.set_xticks(*ticks(0, None))
    ax.set_yticks(*ticks(None, 0))
    ax.tick_params(length=2, labelsize=7, width=0.5)
    if every_side:
        for secondary, (where, labels) in (
            (ax.secondary_xaxis("top"), ticks(-1, None)),
            (ax.secondary_yaxis("right"), ticks(None, -1)),
        ):
            secondary.set_ticks(where, labels)
            secondary.tick_params(length=2, labelsize=7, width=0.5)


def pixel_edges(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Edges of the columns and of the rows of a grid."""
    return (
        grid.x0 + np.arange(grid.nx + 1) * grid.dx,
        grid.y0 + np.arange(grid.ny + 1) * grid.dy,
    )


def line_scale(grid: Grid) -> float:
    """Factor of the width of coastlines: wide maps have thin ones, which do not cover the rain."""
    kilometres = abs(grid.nx * grid.dx)
    geographic = pyproj.CRS(grid.crs).is_geographic
    kilometres *= KM_PER_DEGREE if geographic else 1e-3
    return float(np.clip(np.sqrt(FULL_WIDTH_KM / kilometres), 0.25, 1.0))


def _projection(grid: Grid):
    """Function from longitude and latitude, which may be beyond 180, to the map."""
    if pyproj.CRS(grid.crs).is_geographic:
        return lambda lon, lat: (lon, lat)
    return pyproj.Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True).transform


def _unprojection(grid: Grid):
    """Function to longitude and latitude, continuous across the date line."""
    unproject = pyproj.Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform
    if pyproj.CRS(grid.crs).is_geographic:
        return lambda x, y: (np.asarray(x), np.asarray(y))
    middle, _ = unproject(grid.x0 + grid.nx / 2 * grid.dx, grid.y0 + grid.ny / 2 * grid.dy)

    def continuous(x, y):
        lon, lat = unproject(x, y)
        return middle + (np.asarray(lon) - middle + 180) % 360 - 180, np.asarray(lat)

    return continuous


def _crossings(
    values: np.ndarray, positions: np.ndarray, lines: np.ndarray, hemispheres: str
) -> tuple[list[float], list[str]]:
    """Positions along an edge where its longitude or latitude is that of a line, and labels."""
    where, labels = [], []
    for line in lines:
        side = values >= line
        for i in np.flatnonzero(side[1:] != side[:-1]):
            share = (line - values[i]) / (values[i + 1] - values[i])
            if abs(values[i + 1] - values[i]) < 180:
                where.append(float(positions[i] + share * (positions[i + 1] - positions[i])))
                labels.append(_degrees(line, hemispheres))
    return where, labels


def _joined(lines: list) -> np.ndarray:
    """Return lines as one array, dims (2, n), separated by NaN, to draw them as one path."""
    gap = np.full((2, 1), np.nan)
    return np.hstack([gap, *(part for line in lines for part in (np.asarray(line), gap))])


def _round_values(low: float, high: float) -> np.ndarray:
    """Return multiples of a round step [degrees] between two values, about four of them."""
    step = next((s for s in GRATICULE_STEPS if (high - low) / s <= 5), 60)
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step


def _degrees(value: float, hemispheres: str) -> str:
    """Return an angle with its hemisphere: 2°W, 45°N, 0°, 180°."""
    value = (value + 180) % 360 - 180 if hemispheres == "EW" else value
    if abs(value) in (0, 180):
        return f"{abs(value):g}°"
    return f"{abs(value):g}°{hemispheres[0] if value > 0 else hemispheres[1]}"
