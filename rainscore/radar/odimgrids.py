"""Grid of an ODIM HDF5 composite."""

import re
from functools import lru_cache

import numpy as np
import pyproj

from rainscore.errors import DamagedFile
from rainscore.grids import Grid
from rainscore.radar.odimlayers import ASK_PRODUCER, Layer

CORNERS = ("UL", "UR", "LL", "LR")
"""Names of the outer corners: upper left, upper right, lower left, lower right."""


MAX_CRS_LENGTH = 10_000
"""Number of characters of a projection above which it is refused."""


OTHER_FILES = re.compile(r"\b(?:init|\w*grids)\s*=\s*(?!epsg:|@?null\b)", re.IGNORECASE)
"""Parameters of PROJ that read other files."""


def layer_grid(layer: Layer) -> Grid:
    """Grid from the projection, the outer corners, the pixel sizes and the number of pixels.

    Raises:
        DamagedFile: One of them is absent or impossible, or they contradict each other or the
            shape of the data.
    """
    crs = layer.word("projdef")
    if not crs:
        raise DamagedFile(layer.file, "it has no projdef", ASK_PRODUCER)
    shape = (layer.number("ysize"), layer.number("xsize"))
    if shape != layer.shape:
        ny, nx = layer.shape
        reason = (
            f"its data have {ny} × {nx} pixels, but ysize × xsize is {shape[0]:g} × {shape[1]:g}"
        )
        raise DamagedFile(layer.file, reason, ASK_PRODUCER)
    lon = tuple(layer.number(f"{corner}_lon") for corner in CORNERS)
    lat = tuple(layer.number(f"{corner}_lat") for corner in CORNERS)
    steps = (layer.number("xscale"), layer.number("yscale"))
    if not (np.abs(lon).max() <= 360 and np.abs(lat).max() <= 90 and 0 < min(steps) < 1e6):
        reason = (
            f"it has corners at longitudes {lon}, latitudes {lat} and pixels of "
            f"{steps[0]:g} × {steps[1]:g}"
        )
        raise DamagedFile(layer.file, reason, ASK_PRODUCER)
    try:
        return _grid(crs, lon, lat, steps, layer.shape)
    except ValueError as error:
        raise DamagedFile(layer.file, str(error), ASK_PRODUCER) from error


@lru_cache(maxsize=64)
def _grid(
    crs: str,
    lon: tuple[float, ...],
    lat: tuple[float, ...],
    steps: tuple[float, float],
    shape: tuple[int, int],
) -> Grid:
    """Grid from plausible attributes.

    Raises:
        ValueError: The projection is unknown, or the corners are not where the pixels end.
    """
    if len(crs) > MAX_CRS_LENGTH or OTHER_FILES.search(crs):
        raise ValueError(f"its projection is not accepted ({crs[:60]}…)")
    try:
        project = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
        x, y = project(lon, lat)
    except pyproj.exceptions.ProjError as error:
        raise ValueError(f"its projection is not known ({crs[:60]})") from error
    (ny, nx), (dx, dy) = shape, steps
    right, bottom = x[0] + nx * dx, y[0] - ny * dy
    error_x = np.abs(np.subtract(x, [x[0], right, x[0], right])).max()
    error_y = np.abs(np.subtract(y, [y[0], y[0], bottom, bottom])).max()
    if not (error_x <= dx / 2 and error_y <= dy / 2):
        raise ValueError(f"its corners are not {nx} × {dx:g} and {ny} × {dy:g} apart in {crs}")
    return Grid(crs, float(x[0]), float(y[0]), dx, -dy, nx, ny)
