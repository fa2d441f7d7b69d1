"""Grid of an ODIM HDF5 composite."""

import re
from functools import lru_cache

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

    Two opposite corners are necessary. Pixel sizes and numbers of pixels are checked where the
    file states them, and follow from the corners and the shape of the data where it does not.

    Raises:
        DamagedFile: One of them is absent or impossible, or they contradict each other or the
            shape of the data.
    """
    # The pixel sizes are in metres, whatever the unit of the projection.
    crs = re.sub(r"\+units=km\b", "+units=m", layer.word("projdef"))
    if not crs:
        raise DamagedFile(layer.file, "it has no projdef", ASK_PRODUCER)
    ny, nx = layer.shape
    stated = (layer.number("ysize", ny), layer.number("xsize", nx))
    if stated != (ny, nx):
        reason = (
            f"its data have {ny} × {nx} pixels, but ysize × xsize is {stated[0]:g} × {stated[1]:g}"
        )
        raise DamagedFile(layer.file, reason, ASK_PRODUCER)
    try:
        steps = tuple(
            layer.number(name) if name in layer.attributes else None
            for name in ("xscale", "yscale")
        )
        return _grid(crs, _corners(layer), steps, (ny, nx))
    except ValueError as error:
        raise DamagedFile(layer.file, str(error), ASK_PRODUCER) from error


def _corners(layer: Layer) -> tuple[tuple[str, float, float], ...]:
    """Name, longitude and latitude of each outer corner that a file states.

    Raises:
        ValueError: There are no opposite corners, or they are not on the globe.
    """
    corners = tuple(
        (name, layer.number(f"{name}_lon"), layer.number(f"{name}_lat"))
        for name in CORNERS
        if layer.attributes.keys() & {f"{name}_lon", f"{name}_lat"}
    )
    names = {name for name, _, _ in corners}
    if not (names >= {"UL", "LR"} or names >= {"LL", "UR"}):
        raise ValueError("it has neither UL_lon, UL_lat, LR_lon, LR_lat nor LL_lon, …, UR_lat")
    if not all(abs(lon) <= 360 and abs(lat) <= 90 for _, lon, lat in corners):
        places = ", ".join(f"{name} {lon:g} {lat:g}" for name, lon, lat in corners)
        raise ValueError(f"its corners have the longitudes and latitudes {places}")
    return corners


@lru_cache(maxsize=64)
def _grid(
    crs: str,
    corners: tuple[tuple[str, float, float], ...],
    steps: tuple[float | None, ...],
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
        x, y = project([lon for _, lon, _ in corners], [lat for _, _, lat in corners])
    except pyproj.exceptions.ProjError as error:
        raise ValueError(f"its projection is not known ({crs[:60]})") from error
    places = {name: place for (name, _, _), *place in zip(corners, x, y, strict=True)}
    left, right = (
        next(places[n][0] for n in CORNERS if n[1] == side and n in places) for side in "LR"
    )
    top, bottom = (
        next(places[n][1] for n in CORNERS if n[0] == side and n in places) for side in "UL"
    )
    ny, nx = shape
    dx = (right - left) / nx if steps[0] is None else steps[0]
    dy = (top - bottom) / ny if steps[1] is None else steps[1]
    ends = {"L": left, "R": left + nx * dx}, {"U": top, "L": top - ny * dy}
    errors = [(abs(ends[0][n[1]] - x), abs(ends[1][n[0]] - y)) for n, (x, y) in places.items()]
    near = all(e <= dx / 2 and f <= dy / 2 for e, f in errors)
    if not (near and 0 < min(dx, dy) <= max(dx, dy) < 1e6):
        raise ValueError(f"its corners are not {nx} × {dx:g} and {ny} × {dy:g} apart in {crs}")
    return Grid(crs, float(left), float(top), dx, -dy, nx, ny)
