import numpy as np
import pyproj
import pytest

from rainscore.grids import LOCAL, RADAR_CORNER, RADAR_CRS, Grid, study_grid
from rainscore.scores.cellwindows import CellWindows

PLACES = {
    "Tromsø": (18.96, 69.65),
    "Norway": (10.5, 61.0),
    "Kansas": (-98.4, 38.5),
    "Korea": (127.5, 36.5),
    "Singapore": (103.8, 1.35),
    "Nairobi": (36.8, -1.3),
    "Brisbane": (153.0, -27.5),
    "Cape Town": (18.4, -33.9),
    "Ushuaia": (-68.3, -54.8),
    "60° S": (-45.0, -60.0),
}
EARTH = pyproj.Geod(ellps="WGS84")


def test_a_grid_is_restored_from_its_json() -> None:
    grid = study_grid(centre=(2.5, 46.6), size_km=320, step_km=8)
    assert Grid.from_json(grid.to_json()) == grid


def test_a_coarsened_grid_has_the_same_extent() -> None:
    grid = Grid("EPSG:3035", 100.0, 900.0, 10.0, -10.0, 6, 4)
    coarse = grid.coarsen(2)
    assert (coarse.shape, coarse.dx, coarse.dy) == ((2, 3), 20.0, -20.0)
    np.testing.assert_array_equal(coarse.x, [110, 130, 150])
    np.testing.assert_array_equal(coarse.y, [890, 870])
    with pytest.raises(ValueError, match="cannot be coarsened by 4"):
        grid.coarsen(4)


def lonlat(grid: Grid, column: float, row: float) -> tuple[float, float]:
    """Longitude and latitude of a point of a grid, counted in pixels from its outer corner."""
    back = pyproj.Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    return back.transform(grid.x0 + column * grid.dx, grid.y0 + row * grid.dy)


def kilometres(grid: Grid, start: tuple[float, float], end: tuple[float, float]) -> float:
    """Length of the geodesic between two points of a grid, each (column, row) [km]."""
    return EARTH.inv(*lonlat(grid, *start), *lonlat(grid, *end))[2] / 1000


@pytest.mark.parametrize("centre", PLACES.values(), ids=list(PLACES))
def test_a_local_grid_has_its_size_in_true_kilometres_and_north_up(centre) -> None:
    grid = study_grid(centre=centre, size_km=800, step_km=4, crs=LOCAL)
    assert grid.shape == (200, 200)
    sides = [((0, 100), (200, 100)), ((100, 0), (100, 200)), ((0, 0), (200, 0))]
    sides += [((0, 200), (200, 200)), ((0, 0), (0, 200)), ((200, 0), (200, 200))]
    for start, end in sides:
        assert kilometres(grid, start, end) == pytest.approx(800, rel=0.01)
    for column, row in [(0, 0), (188, 0), (0, 188), (188, 188), (94, 94)]:  # 48 km windows
        end_of_row, end_of_column = (column + 12, row), (column, row + 12)
        assert kilometres(grid, (column, row), end_of_row) == pytest.approx(48, rel=0.01)
        assert kilometres(grid, (column, row), end_of_column) == pytest.approx(48, rel=0.01)
    assert lonlat(grid, 100, 100) == pytest.approx(centre, abs=1e-4)
    north = EARTH.inv(*lonlat(grid, 100, 100), *lonlat(grid, 100, 99))[0]
    east = EARTH.inv(*lonlat(grid, 100, 100), *lonlat(grid, 101, 100))[0]
    assert (north, east) == (pytest.approx(0, abs=0.1), pytest.approx(90, abs=0.1))


@pytest.mark.parametrize("centre", PLACES.values(), ids=list(PLACES))
def test_a_smooth_window_has_the_same_extent_in_true_kilometres_everywhere(centre) -> None:
    grid = study_grid(centre=centre, size_km=160, step_km=8, crs=LOCAL)
    cells = Grid("EPSG:4326", round(centre[0]) - 4, round(centre[1]) - 2, 0.1, 0.1, 80, 40)
    windows = CellWindows.between(cells, grid, window_km=48)
    weight = windows.weights[[grid.size // 2 + grid.nx // 2]].toarray().reshape(cells.shape)
    at = lonlat(grid, grid.nx / 2 + 0.5, grid.ny / 2 + 0.5)
    lon, lat = np.meshgrid(cells.x, cells.y)
    shape = lon.shape
    azimuth, _, metres = EARTH.inv(np.full(shape, at[0]), np.full(shape, at[1]), lon, lat)
    east, north = (metres / 1000 * f(np.deg2rad(azimuth)) for f in (np.sin, np.cos))
    assert weight.sum() == pytest.approx(1, abs=0.02)
    # Deviation along an axis of a Gaussian of deviation s cut at the distance r.
    s, r = 48 / np.sqrt(4 * np.pi), 48 / np.sqrt(2)
    expected = s * np.sqrt(1 - r**2 / (2 * s**2) / np.expm1(r**2 / (2 * s**2)))
    for along in (east, north):
        deviation = np.sqrt((weight * along**2).sum() / weight.sum())
        assert deviation == pytest.approx(expected, rel=0.03)  # cells of 11 km


def test_the_grid_of_france_is_a_part_of_the_lattice_of_the_mosaic() -> None:
    grid = study_grid(centre=(2.5, 46.6), size_km=800, step_km=4)
    assert grid == Grid(RADAR_CRS, -211652.09499999997, -3934818.459, 4e3, -4e3, 200, 200)
    assert (grid.x0 - RADAR_CORNER[0]) % 4000 == (RADAR_CORNER[1] - grid.y0) % 4000 == 0


def test_a_grid_in_a_configured_crs_has_its_edges_on_whole_steps() -> None:
    grid = study_grid(centre=(10.0, 52.0), size_km=400, step_km=4, crs="EPSG:3035")
    assert grid.x0 % 4000 == grid.y0 % 4000 == 0
    assert abs(grid.x.mean() - 4_321_000) <= 2000 and abs(grid.y.mean() - 3_210_000) <= 2000


@pytest.mark.parametrize(
    ("crs", "centre", "reason"),
    [
        ("mosaic", (18.4, -33.9), "not inside the French mosaic"),
        ("mosaic", (-3.0, 54.0), "not inside the French mosaic"),
        ("EPSG:0", (2.5, 46.6), "not a CRS that pyproj reads"),
        ("EPSG:4326", (2.5, 46.6), "not a projected CRS in metres"),
        ("EPSG:28992", (5.4, 52.1), "no grid mapping for EPSG:28992"),
        ("EPSG:2263", (-73.9, 40.7), "not a projected CRS in metres"),
        ("EPSG:3857", (10.5, 61.0), "lengths over the domain are 2.01 to 2.12"),
        (RADAR_CRS, (127.5, 36.5), "lengths over the domain are"),
        (RADAR_CRS, (127.5, 45.0), "north is not up"),
        ("+proj=tmerc +lon_0=19 +axis=wsu +units=m", (19.0, -33.9), "north is not up"),
        ("EPSG:32631", (127.5, 36.5), "not defined|lengths over the domain"),
    ],
)
def test_a_crs_in_which_the_domain_is_not_true_is_refused(crs, centre, reason) -> None:
    with pytest.raises(ValueError, match=reason):
        study_grid(centre=centre, size_km=400, step_km=4, crs=crs)


def test_a_side_that_is_not_a_whole_number_of_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="30 km is not a whole number of 4 km pixels"):
        study_grid(centre=(2.5, 46.6), size_km=30, step_km=4)
