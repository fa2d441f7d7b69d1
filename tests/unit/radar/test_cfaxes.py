import numpy as np
import pyproj
import pytest
import xarray as xr

from rainscore.errors import DamagedFile
from rainscore.grids import RADAR_CORNER, RADAR_CRS, Grid
from rainscore.radar.cfaxes import read_grid

X = np.array([500.0, 1500.0, 2500.0])
Y = np.array([6_600_500.0, 6_599_500.0])


def projected(
    x: np.ndarray = X, y: np.ndarray = Y, unit: str = "m", crs: str = "EPSG:2154", **mapping: object
) -> xr.Dataset:
    return xr.Dataset(
        {
            "rr": (("y", "x"), np.zeros((y.size, x.size)), {"grid_mapping": "crs"}),
            "crs": ((), 0, pyproj.CRS(crs).to_cf() | mapping),
        },
        {"x": ("x", x, {"units": unit}), "y": ("y", y, {"units": unit})},
    )


def lonlat(
    lon: object, lat: object, units: tuple[str, str] = ("degrees_east", "degrees_north")
) -> xr.Dataset:
    lon, lat = np.array(lon, float), np.array(lat, float)
    return xr.Dataset(
        {"rr": (("lat", "lon"), np.zeros((lat.size, lon.size)))},
        {"lon": ("lon", lon, {"units": units[0]}), "lat": ("lat", lat, {"units": units[1]})},
    )


def grid_of(dataset: xr.Dataset) -> Grid:
    rain = dataset["rr"].variable
    return read_grid(dataset, rain, (str(rain.dims[0]), str(rain.dims[1])), "a.nc")[0]


@pytest.mark.parametrize(("unit", "factor"), [("m", 1), ("km", 1e-3), ("cm", 100), ("", 1)])
def test_axes_are_in_units_of_the_projection(unit: str, factor: float) -> None:
    grid = grid_of(projected(X * factor, Y * factor, unit))
    found = (grid.x0, grid.y0, grid.dx, grid.dy)
    assert found == pytest.approx((0, 6_601_000, 1000, -1000))


def test_a_projection_in_kilometres_keeps_its_unit() -> None:
    crs = pyproj.CRS("EPSG:2154").to_proj4().replace("+units=m", "+units=km")
    grid = grid_of(projected(crs=crs))
    assert (grid.x0, grid.dx) == pytest.approx((0, 1))


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (projected(X / 1000, Y / 1000, "km").drop_vars("crs").rename(x="a", y="b"), "not in the"),
        (projected(X / 1000, Y / 1000), "pixels of 1 m along x: is its unit right"),
        (projected(X * 100, Y * 100), "pixels of 100000 m"),
        (projected(unit="degrees"), "not in m as its grid mapping"),
        (projected(X, Y * np.nan), "not regular"),
        (projected(X, Y[:0]), "y is empty"),
        (projected(X[[0, 2, 1]]), "x is not regular"),
        (projected(X[:1]), "x is not regular"),
        (projected(X + 1e9), "not on Earth|not regular"),
        (projected(crs_wkt="x" * 200_000), "more than 100000 characters"),
        (projected(crs_wkt="PROJCS[nonsense]"), "not a projection that PROJ knows"),
        (lonlat([2, 2.01, 2.02], [148, 147.99]), "not on Earth"),
        (lonlat([47, 46.99, 46.98], [2, 2.01], ("K", "K")), "in K without a grid mapping"),
        (lonlat([0, 10, 20], [40, 50]), "pixels of 10 degrees"),
    ],
)  # fmt: skip
def test_places_that_cannot_be_are_refused(dataset: xr.Dataset, message: str) -> None:
    with pytest.raises(DamagedFile, match=message):
        grid_of(dataset)


@pytest.mark.parametrize("unit", ["km", "m", ""])
def test_projected_axes_without_a_grid_mapping_are_refused(unit: str) -> None:
    dataset = projected(X / 1000, Y / 1000, unit).drop_vars("crs")
    del dataset["rr"].attrs["grid_mapping"]
    with pytest.raises(DamagedFile, match="without a grid mapping is not longitude or latitude"):
        grid_of(dataset)


def test_the_only_mapping_of_a_file_applies_without_a_reference_to_it() -> None:
    dataset = projected()
    del dataset["rr"].attrs["grid_mapping"]
    assert grid_of(dataset).dx == 1000


def test_the_mapping_of_the_axes_is_chosen_among_several() -> None:
    dataset = projected()
    dataset["geographic"] = ((), 0, pyproj.CRS("EPSG:4326").to_cf())
    dataset["rr"].attrs["grid_mapping"] = "geographic: lat lon crs: x y"
    assert "Lambert" in pyproj.CRS(grid_of(dataset).crs).name


def test_bounds_of_the_axes_define_the_pixels() -> None:
    dataset = projected(X - 500)
    dataset["x"].attrs["bounds"] = "x_bnds"
    dataset["x_bnds"] = (("x", "nv"), np.stack([X - 500, X + 500], axis=1))
    assert grid_of(dataset).x0 == 0


@pytest.mark.parametrize(
    ("x", "x0"), [(X, 0.0), (X - 500, 0.0), (X + 1500, 2000.0), (X + 1000, 1000.0)]
)
def test_coordinates_at_the_corners_of_the_geotransform_are_corners(
    x: np.ndarray, x0: float
) -> None:
    y = Y if x[0] % 1000 else Y + 500
    dataset = projected(x, y, GeoTransform="0.0 1000.0 0.0 6601000.0 0.0 -1000.0")
    assert (grid_of(dataset).x0, grid_of(dataset).y0) == (x0, 6_601_000)


@pytest.mark.parametrize("offset", [0, 500])
@pytest.mark.parametrize("skip", [0, 3])
def test_the_corner_axes_of_the_french_store_keep_their_half_pixel(offset: int, skip: int) -> None:
    x = RADAR_CORNER[0] + offset + 1000 * np.arange(skip, skip + 3)
    y = RADAR_CORNER[1] - offset - 1000 * np.arange(skip, skip + 3)
    dataset = projected(x, y, crs=RADAR_CRS).assign_attrs(mlcast_dataset_identifier="FR-MF-prate")
    grid = grid_of(dataset)
    expected = (RADAR_CORNER[0] + 1000 * skip, RADAR_CORNER[1] - 1000 * skip)
    assert (grid.x0, grid.y0) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("lon", "west"),
    [([358.0, 358.5, 359.0], -2.25), ([359.5, 0.0, 0.5], -0.75), ([179.5, -180, -179.5], 179.25)],
)
def test_longitudes_may_run_to_360_or_cross_the_seam(lon: list, west: float) -> None:
    grid = grid_of(lonlat(lon, [47.0, 46.5]))
    assert (grid.x0 - west) % 360 == pytest.approx(0)
    assert grid.dx == 0.5


def test_packed_coordinates_are_unpacked() -> None:
    dataset = projected()
    dataset["x"] = ("x", np.array([5, 15, 25], "i2"), {"units": "m", "scale_factor": 100.0})
    assert (grid_of(dataset).x0, grid_of(dataset).dx) == (0, 1000)
