"""Checks of a configured coordinate reference system."""

import numpy as np
import pyproj

MAX_STRETCH = 0.05
"""Largest relative error of lengths."""


MAX_TILT = 45.0
"""Largest angle between north and the y axis in the middle of the domain [degrees]."""


def check_crs(crs: str) -> None:
    """Raise ValueError if a text is not a projected CRS in metres."""
    try:
        parsed = pyproj.CRS(crs)
    except pyproj.exceptions.CRSError as error:
        raise ValueError(f"{crs} is not a CRS that pyproj reads ({error})") from error
    units = {axis.unit_name for axis in parsed.axis_info[:2]}
    if not parsed.is_projected or units != {"metre"}:
        raise ValueError(f"{crs} is not a projected CRS in metres")


def check_plane(crs: str, x: np.ndarray, y: np.ndarray) -> None:
    """Raise ValueError if a plane is far from true in a domain, or unknown to the CF conventions.

    Args:
        crs: Projected CRS in metres.
        x, y: Coordinates of the edges and the middle of a domain, dims (3,); x increases, y
            decreases.
    """
    to_lonlat = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    lon, lat = to_lonlat.transform(*np.meshgrid(x, y))
    if not np.isfinite([lon, lat]).all():
        raise ValueError(f"{crs} is not defined all over the domain")
    scale = pyproj.Proj(crs).get_factors(lon, lat)
    low, high = np.min(scale.tissot_semiminor), np.max(scale.tissot_semimajor)
    if not (low > 1 - MAX_STRETCH and high < 1 + MAX_STRETCH):
        raise ValueError(
            f"in {crs} lengths over the domain are {low:.2f} to {high:.2f} times the true ones; "
            "choose local, or a CRS made for the region"
        )
    right_and_up = ([1, 0], [2, 1])  # rows and columns
    middle = np.full(2, lon[1, 1]), np.full(2, lat[1, 1])
    earth = pyproj.Geod(ellps="WGS84")
    azimuth, _, _ = earth.inv(*middle, lon[right_and_up], lat[right_and_up])
    tilt = (np.asarray(azimuth) - [90, 0] + 180) % 360 - 180
    if np.abs(tilt).max() > MAX_TILT:
        raise ValueError(f"in {crs} north is not up in the domain; choose local")
    if "grid_mapping_name" not in pyproj.CRS(crs).to_cf():
        raise ValueError(f"the CF conventions have no grid mapping for {crs}; choose another CRS")
