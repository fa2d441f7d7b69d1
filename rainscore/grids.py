"""Regular grids in any coordinate reference system, and the grids of the study."""

import json
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from math import ceil, copysign, floor

import numpy as np
import pyproj

from rainscore.planes import check_crs, check_plane

RADAR_CRS = (
    "+proj=stere +lat_0=90 +lat_ts=45 +lon_0=0 +x_0=0 +y_0=0 "
    "+a=6378137 +rf=298.252840776245 +units=m"
)
"""Polar stereographic system of the Météo-France mosaics."""


RADAR_CORNER = (-619652.095, -3526818.459)
"""Upper-left corner [m] of the Météo-France mosaic in `RADAR_CRS`."""


SIDE_KM = 1536
"""Side of the Météo-France mosaic [km], and its number of rows and columns at the native 1 km."""


MOSAIC, LOCAL = "mosaic", "local"
"""Names of two planes for a study grid (`study_grid`)."""


KM_PER_DEGREE = 111.195
"""Length of a degree of latitude on a sphere of 6371 km [km]."""


@dataclass(frozen=True)
class Grid:
    """Regular grid of `ny` rows and `nx` columns in a coordinate reference system.

    Attributes:
        crs: Anything that pyproj reads (PROJ string, EPSG code, WKT).
        x0, y0: Outer corner of pixel (row 0, column 0), in units of the CRS.
        dx, dy: Signed pixel steps; dy < 0 where row 0 is north.
        nx, ny: Number of columns and rows.
    """

    crs: str
    x0: float
    y0: float
    dx: float
    dy: float
    nx: int
    ny: int

    @property
    def shape(self) -> tuple[int, int]:
        """(ny, nx)."""
        return self.ny, self.nx

    @property
    def size(self) -> int:
        """Number of pixels."""
        return self.ny * self.nx

    @property
    def x(self) -> np.ndarray:
        """Pixel centres along x, dims (nx,), in units of the CRS."""
        return self.x0 + (np.arange(self.nx) + 0.5) * self.dx

    @property
    def y(self) -> np.ndarray:
        """Pixel centres along y, dims (ny,), in units of the CRS."""
        return self.y0 + (np.arange(self.ny) + 0.5) * self.dy

    @property
    def cf(self) -> dict[str, tuple]:
        """CF variables of a projected grid: the axes `y` and `x`, and the grid mapping `crs`.

        Fields on the grid refer to the mapping with the attribute `grid_mapping`: "crs".
        """
        mapping = pyproj.CRS(self.crs).to_cf()
        if (
            mapping["grid_mapping_name"] == "polar_stereographic"
        ):  # required by CF, omitted by pyproj
            pole = copysign(90.0, mapping.get("standard_parallel", 90.0))
            mapping.setdefault("latitude_of_projection_origin", pole)
        axes = {
            axis: (
                axis,
                getattr(self, axis),
                {
                    "units": "m",
                    "axis": axis.upper(),
                    "standard_name": f"projection_{axis}_coordinate",
                    "long_name": f"{axis} of the pixel's centre",
                },
            )
            for axis in "yx"
        }
        return {**axes, "crs": ((), np.int32(0), mapping)}

    @cached_property
    def lonlat(self) -> tuple[np.ndarray, np.ndarray]:
        """Longitude and latitude [degrees] of the pixel centres, each (ny, nx)."""
        to_lonlat = pyproj.Transformer.from_crs(self.crs, "EPSG:4326", always_xy=True)
        return to_lonlat.transform(*np.meshgrid(self.x, self.y))

    def coarsen(self, factor: int) -> "Grid":
        """Grid with pixels of `factor` × `factor` pixels of this one.

        Raises:
            ValueError: `factor` does not divide the number of rows and columns.
        """
        if self.nx % factor or self.ny % factor:
            raise ValueError(f"a grid of {self.ny} × {self.nx} cannot be coarsened by {factor}")
        return replace(
            self,
            dx=self.dx * factor,
            dy=self.dy * factor,
            nx=self.nx // factor,
            ny=self.ny // factor,
        )

    def as_dict(self) -> dict:
        """Attributes by name, for JSON; `Grid(**d)` is the inverse."""
        return asdict(self)

    def to_json(self) -> str:
        """Attributes as JSON text, for an attribute of a file; `from_json` is the inverse."""
        return json.dumps(self.as_dict())

    @classmethod
    def from_json(cls, text: str) -> "Grid":
        """Grid from the JSON text of `to_json`."""
        return cls(**json.loads(text))


def study_grid(
    *, centre: tuple[float, float], size_km: float, step_km: float, crs: str = MOSAIC
) -> Grid:
    """Square grid around a point, row 0 north.

    Args:
        centre: Longitude and latitude [degrees] of the centre.
        size_km: Side of the square [km].
        step_km: Pixel size [km].
        crs: `mosaic`, for a grid aligned with the pixels of the French mosaic, which then need no
            interpolation; `local`, for the equal-area plane of `window_grid`; or a projected CRS
            in metres, in which pixel edges are on multiples of `step_km`.

    Raises:
        ValueError: `size_km` is not a whole number of pixels; the square is not inside the French
            mosaic; or `crs` is not a plane that is nearly true to scale over the square.
    """
    n = round(size_km / step_km)
    if abs(n * step_km - size_km) > 1e-6:
        raise ValueError(f"{size_km} km is not a whole number of {step_km} km pixels")
    if crs == LOCAL:
        return window_grid(centre=centre, size_km=(size_km, size_km), step_km=step_km)
    if crs == MOSAIC:
        grid = _aligned_grid(RADAR_CRS, RADAR_CORNER, centre, n, step_km * 1000.0)
        if not in_mosaic(grid):
            raise ValueError(f"{size_km:g} km around {centre} is not inside the French mosaic")
        return grid
    check_crs(crs)
    grid = _aligned_grid(crs, (0.0, 0.0), centre, n, step_km * 1000.0)
    check_plane(crs, grid.x[[0, n // 2, -1]], grid.y[[0, n // 2, -1]])
    return grid


def in_mosaic(grid: Grid) -> bool:
    """Whether a grid in the plane of the French mosaic, row 0 north, is inside the mosaic."""
    left, top = grid.x0 - RADAR_CORNER[0], RADAR_CORNER[1] - grid.y0
    right, bottom = left + grid.nx * grid.dx, top - grid.ny * grid.dy
    return min(left, top) > -1 and max(right, bottom) < SIDE_KM * 1000 + 1


def _aligned_grid(
    crs: str, origin: tuple[float, float], centre: tuple[float, float], n: int, step: float
) -> Grid:
    """Square grid of `n` × `n` pixels with edges at whole steps [m] from an origin."""
    x, y = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(*centre)
    if not np.isfinite([x, y]).all():
        raise ValueError(f"{crs} is not defined at {centre}")
    column = round((x - n * step / 2 - origin[0]) / step)
    row = round((origin[1] - (y + n * step / 2)) / step)
    return Grid(crs, origin[0] + column * step, origin[1] - row * step, step, -step, n, n)


def window_grid(
    *, centre: tuple[float, float], size_km: tuple[float, float], step_km: float
) -> Grid:
    """Grid in the Lambert azimuthal equal-area projection around a point.

    Args:
        centre: Longitude and latitude of the centre [degrees].
        size_km: Width and height [km], rounded up to whole pixels.
        step_km: Pixel size [km].
    """
    lon, lat = centre
    nx, ny = (ceil(s / step_km - 1e-9) for s in size_km)
    step = step_km * 1000.0
    crs = f"+proj=laea +lat_0={lat:.9g} +lon_0={lon:.9g} +datum=WGS84 +units=m"
    return Grid(crs, -nx * step / 2, ny * step / 2, step, -step, nx, ny)


def imerg_cells(grid: Grid, *, margin: int = 1) -> Grid:
    """IMERG's 0.1° cells that cover a grid.

    Args:
        grid: Grid to cover.
        margin: Number of additional cells on each side.

    Returns:
        Grid of the cells in longitude and latitude, row 0 south.

    Raises:
        ValueError: The grid crosses the date line or contains a pole.
    """
    x = grid.x0 + np.arange(grid.nx + 1) * grid.dx
    y = grid.y0 + np.arange(grid.ny + 1) * grid.dy
    edge_x = np.concatenate([x, x, np.full(y.size, x[0]), np.full(y.size, x[-1])])
    edge_y = np.concatenate([np.full(x.size, y[0]), np.full(x.size, y[-1]), y, y])
    lon, lat = pyproj.Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(
        edge_x, edge_y
    )
    if np.ptp(lon) > 180 or not np.all(np.isfinite(lon)):
        raise ValueError(
            "the window crosses the date line or contains a pole, where IMERG's array ends: "
            "choose a window on one side"
        )
    west, south = floor(lon.min() * 10 + 1800) - margin, floor(lat.min() * 10 + 900) - margin
    east, north = ceil(lon.max() * 10 + 1800) + margin, ceil(lat.max() * 10 + 900) + margin
    west, south, east, north = max(west, 0), max(south, 0), min(east, 3600), min(north, 1800)
    return Grid(
        "EPSG:4326", -180 + west / 10, -90 + south / 10, 0.1, 0.1, east - west, north - south
    )


@dataclass(frozen=True)
class Domain:
    """The `domain` section of the configuration, and the grids that follow from it.

    Attributes:
        name: Name of the domain.
        centre: Longitude and latitude of the centre [degrees].
        size_km: Side of the square [km].
        step_km: Pixel size of the study grid [km].
        learning_step_km: Pixel size of the learning grid [km].
        crs: Plane of the study grid (`study_grid`).
    """

    name: str
    centre: tuple[float, float]
    size_km: float
    step_km: float
    learning_step_km: float
    crs: str

    @cached_property
    def grid(self) -> Grid:
        """The study grid."""
        lon, lat = self.centre
        return study_grid(
            centre=(lon, lat), size_km=self.size_km, step_km=self.step_km, crs=self.crs
        )

    @cached_property
    def learning_grid(self) -> Grid:
        """The learning grid."""
        return self.grid.coarsen(round(self.learning_step_km / self.step_km))

    @cached_property
    def cells(self) -> Grid:
        """IMERG's 0.1° cells that cover the study grid."""
        return imerg_cells(self.grid)
