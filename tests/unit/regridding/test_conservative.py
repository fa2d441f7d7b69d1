"""Regridding: hand-computed areas, conservation, missing values, independent implementations."""

import numpy as np
import pyproj
import pytest
import shapely

from rainscore.grids import Grid, imerg_cells, study_grid, window_grid
from rainscore.regridding.conservative import Weights, nearest, overlap_weights
from tests import remapcon

PLANE = "EPSG:3857"
FRANCE = study_grid(centre=(2.5, 46.6), size_km=160, step_km=2)


def plane(x0: float, y0: float, step: float, n: int, *, up: bool = True) -> Grid:
    return Grid(PLANE, x0, y0, step, step if up else -step, n, n)


def dense(source: Grid, target: Grid) -> np.ndarray:
    return overlap_weights(source, target).matrix.toarray()


def test_a_shifted_pixel_has_the_areas_computed_by_hand():
    weights = dense(plane(0, 0, 1, 2), plane(0.25, 0.5, 1, 1))
    np.testing.assert_allclose(weights, [[0.375, 0.125, 0.375, 0.125]])


def test_a_source_with_row_0_north_is_regridded_with_its_orientation():
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    north_first = plane(0, 2, 1, 2, up=False)
    result, _ = overlap_weights(north_first, plane(0, 0, 1, 2)).apply(values)
    np.testing.assert_array_equal(result, values[::-1])


def test_a_large_pixel_is_the_mean_of_the_small_ones():
    values = np.arange(16.0).reshape(4, 4)
    result, valid = overlap_weights(plane(0, 0, 1, 4), plane(0, 0, 2, 2)).apply(values)
    np.testing.assert_allclose(result, [[2.5, 4.5], [10.5, 12.5]])
    np.testing.assert_array_equal(valid, 1)


def test_a_small_pixel_has_the_value_of_the_large_one_around_it():
    weights = dense(plane(0, 0, 10, 2), plane(0, 0, 1, 20))
    assert set(weights.ravel()) == {0.0, 1.0}
    np.testing.assert_array_equal(weights.sum(axis=0), 100)


@pytest.mark.parametrize("source", [FRANCE, imerg_cells(FRANCE), plane(-3.3, 7.7, 0.1, 12)])
def test_a_grid_onto_itself_or_a_crop_of_itself_is_the_exact_identity(source):
    crop = Grid(
        source.crs, source.x0 + 3 * source.dx, source.y0 + 2 * source.dy, source.dx, source.dy, 5, 4
    )
    values = np.random.default_rng(0).random(source.shape, np.float32)
    np.testing.assert_array_equal(overlap_weights(source, source).apply(values)[0], values)
    np.testing.assert_array_equal(overlap_weights(source, crop).apply(values)[0], values[2:6, 3:8])
    np.testing.assert_array_equal(values.ravel()[nearest(source, crop)], values[2:6, 3:8])


def test_the_part_of_a_pixel_outside_the_source_is_not_valid():
    weights = overlap_weights(plane(0, 0, 1, 2), plane(-0.5, -0.25, 1, 1))
    result, valid = weights.apply(np.full((2, 2), 7.0), min_valid=0.3)
    np.testing.assert_allclose([valid.item(), result.item()], [0.375, 7.0])
    assert np.isnan(weights.apply(np.full((2, 2), 7.0), min_valid=0.4)[0]).all()


def test_a_pixel_entirely_outside_the_source_is_missing():
    result, valid = overlap_weights(plane(0, 0, 1, 2), plane(9, 9, 1, 1)).apply(
        np.ones((2, 2)), min_valid=0
    )
    assert np.isnan(result).all() and valid.item() == 0


def test_means_are_renormalised_over_valid_values():
    values = np.array([[1.0, 5.0], [np.nan, 5.0]])
    result, valid = overlap_weights(plane(0, 0, 1, 2), plane(0, 0, 2, 1)).apply(values)
    np.testing.assert_allclose([result.item(), valid.item()], [11 / 3, 0.75])


def test_a_pixel_exactly_half_valid_counts_as_valid():
    values = np.array([[1.0, np.nan], [3.0, np.nan]])
    result, _ = overlap_weights(plane(0, 0, 1, 2), plane(0, 0, 2, 1)).apply(values, min_valid=0.5)
    assert result.item() == 2.0


def test_leading_dimensions_are_kept():
    weights = overlap_weights(plane(0, 0, 1, 4), plane(0, 0, 2, 2))
    values = np.random.default_rng(1).random((3, 2, 4, 4), np.float32)
    result, valid = weights.apply(values)
    assert result.shape == valid.shape == (3, 2, 2, 2) and result.dtype == np.float32
    np.testing.assert_allclose(result[2, 1], weights.apply(values[2, 1])[0])


@pytest.mark.parametrize("onto_cells", [False, True])
@pytest.mark.parametrize("size_km", [160, 100])
def test_a_map_has_the_same_bytes_alone_and_with_others(onto_cells: bool, size_km: int):
    grid = study_grid(centre=(2.5, 46.6), size_km=size_km, step_km=2)
    grids = (grid, imerg_cells(grid)) if onto_cells else (imerg_cells(grid), grid)
    weights = overlap_weights(*grids)
    rain = np.random.default_rng(3).gamma(0.3, 2.0, (21, *weights.source.shape))
    holes = rain.copy()
    holes[5:, 3:9, 2:7] = np.nan
    holes[20] = np.nan
    whole, pierced = weights.apply(rain), weights.apply(holes)
    for stack, results in ((rain, whole), (holes, pierced)):
        for i in (0, 7, 20):
            for alone, among in zip(weights.apply(stack[i]), results, strict=True):
                np.testing.assert_array_equal(alone, among[i])
    np.testing.assert_array_equal(whole[0][:5], pierced[0][:5])
    expected = weights.matrix.astype(float) @ np.nan_to_num(holes[7]).ravel()
    area = weights.matrix.astype(float) @ np.isfinite(holes[7]).ravel()
    np.testing.assert_allclose(pierced[1][7].ravel(), area, atol=1e-6)
    enough = area > 0.5 + 1e-5
    assert 0 < enough.mean() < 1
    result = pierced[0][7].ravel()
    np.testing.assert_allclose(result[enough], expected[enough] / area[enough], rtol=1e-5)
    assert np.isnan(result[area < 0.5 - 1e-5]).all()


def test_a_field_on_another_grid_is_refused():
    with pytest.raises(ValueError, match="source grid"):
        overlap_weights(plane(0, 0, 1, 4), plane(0, 0, 2, 2)).apply(np.zeros((3, 3)))


def quadrilaterals(source: Grid, target: Grid) -> np.ndarray:
    """Target pixels as shapely polygons in the source's system."""
    x = target.x0 + np.arange(target.nx + 1) * target.dx
    y = target.y0 + np.arange(target.ny + 1) * target.dy
    transformer = pyproj.Transformer.from_crs(target.crs, source.crs, always_xy=True)
    corner = np.stack(transformer.transform(*np.meshgrid(x, y)), axis=-1)
    ring = [corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]]
    return shapely.polygons(np.stack(ring, axis=2).reshape(-1, 4, 2))


@pytest.mark.parametrize("forward", [True, False])
def test_weights_agree_with_polygons_cut_by_shapely(forward):
    grids = study_grid(centre=(2.5, 46.6), size_km=32, step_km=2)
    source, target = imerg_cells(grids), grids
    if not forward:
        source, target = target, source
    quads = quadrilaterals(source, target)
    west, south = np.meshgrid(
        source.x0 + np.arange(source.nx) * source.dx, source.y0 + np.arange(source.ny) * source.dy
    )
    cells = shapely.box(west, south, west + source.dx, south + source.dy).ravel()
    expected = shapely.area(shapely.intersection(quads[:, None], cells[None, :]))
    expected /= shapely.area(quads)[:, None]
    np.testing.assert_allclose(dense(source, target), expected, atol=1e-6)


def test_constant_fields_stay_constant_with_and_without_holes():
    weights = overlap_weights(imerg_cells(FRANCE), FRANCE)
    values = np.full(weights.source.shape, 3.7, np.float32)
    np.testing.assert_allclose(weights.apply(values)[0], 3.7, rtol=3e-7)
    values[::3, ::2] = np.nan
    result, _ = weights.apply(values)
    np.testing.assert_allclose(result[np.isfinite(result)], 3.7, rtol=3e-7)


def test_the_mass_of_rain_is_conserved_onto_the_radar_grid_and_back():
    rain = np.random.default_rng(2).gamma(0.3, 2.0, (100, 100)).astype(np.float32)
    grid = study_grid(centre=(2.5, 46.6), size_km=400, step_km=4)
    inner = np.zeros_like(rain)
    inner[10:-10, 10:-10] = rain[10:-10, 10:-10]
    cells = imerg_cells(grid)
    onto_cells, _ = overlap_weights(grid, cells).apply(inner, min_valid=0)
    area = overlap_weights(cells, grid).matrix.T @ np.ones(grid.size)
    mass = np.nansum(onto_cells.ravel() * area, dtype=np.float64)
    np.testing.assert_allclose(mass, inner.sum(dtype=np.float64), rtol=1e-5)


@pytest.fixture(scope="module")
def france() -> Weights:
    """Weights from IMERG's cells onto the whole study domain at 1 km."""
    grid = study_grid(centre=(2.5, 46.6), size_km=800, step_km=1)
    return overlap_weights(imerg_cells(grid), grid)


def test_means_at_1_km_are_within_a_hundredth_of_a_millimetre_of_the_exact_ones(france: Weights):
    rng = np.random.default_rng(6)
    cells, grid = france.source, france.target
    rain = rng.gamma(0.3, 2.0, cells.shape).astype(np.float32)
    rows, columns = rng.integers(0, 800, (2, 150))
    exact = []
    for row, column in zip(rows, columns, strict=True):
        x0, y0 = grid.x0 + column * grid.dx, grid.y0 + row * grid.dy
        points = Grid(grid.crs, x0, y0, grid.dx / 60, grid.dy / 60, 60, 60)
        exact.append(rain.ravel()[nearest(cells, points)].mean(dtype=np.float64))
    error = france.apply(rain)[0][rows, columns] - exact
    assert np.sqrt(np.mean(error**2)) < 0.01
    assert abs(error.sum()) < 1e-3 * np.sum(exact)


def test_mass_and_constants_are_kept_at_1_km(france: Weights):
    cells, grid = france.source, france.target
    rain = np.zeros(cells.shape, np.float32)
    rain[15:-15, 25:-25] = np.random.default_rng(7).gamma(0.3, 2.0, (cells.ny - 30, cells.nx - 50))
    # The weight of a cell is the area that it has on the grid, in pixels.
    area = overlap_weights(grid, cells)
    onto_cells = area.apply(france.apply(rain)[0], min_valid=0.99)[0]
    share = france.matrix.astype(float).T @ np.ones(grid.size)
    valid = np.isfinite(onto_cells.ravel())
    before = (rain.ravel() * share)[valid].sum()
    np.testing.assert_allclose((onto_cells.ravel() * share)[valid].sum(), before, rtol=1e-5)
    on_grid = france.apply(rain)[0].sum(dtype=np.float64)
    np.testing.assert_allclose(on_grid, (rain.ravel() * share).sum(), rtol=1e-5)
    same = france.apply(np.full((4, *cells.shape), 3.7, np.float32))[0]
    np.testing.assert_allclose(same, np.float32(3.7), rtol=3e-7)


def test_nearly_all_1_km_pixels_have_most_weight_on_the_cell_of_their_centre(france: Weights):
    cells, grid = france.source, france.target
    lon, lat = grid.lonlat
    column, row = np.floor((lon - cells.x0) / 0.1), np.floor((lat - cells.y0) / 0.1)
    centre = (row * cells.nx + column).astype(int).ravel()
    largest = france.matrix.max(axis=1).toarray().ravel()
    of_centre = np.asarray(france.matrix[np.arange(grid.size), centre]).ravel()
    assert np.mean(of_centre == largest) >= 0.999


def test_each_centre_is_in_the_cell_returned_by_nearest():
    cells = imerg_cells(FRANCE)
    lon, lat = FRANCE.lonlat
    index = nearest(cells, FRANCE)
    row, column = np.unravel_index(index, cells.shape)
    assert np.all(np.abs(cells.x[column] - lon) <= 0.05 + 1e-9)
    assert np.all(np.abs(cells.y[row] - lat) <= 0.05 + 1e-9)


def test_a_sample_is_the_code_at_each_centre_and_missing_outside_the_source():
    weights = overlap_weights(plane(0, 0, 1, 2), plane(-1, 0, 1, 2))
    codes = np.array([[[3.0, 4.0], [5.0, 6.0]], [[7.0, 8.0], [np.nan, 9.0]]])
    np.testing.assert_array_equal(
        weights.sample(codes), [[[np.nan, 3], [np.nan, 5]], [[np.nan, 7], [np.nan, np.nan]]]
    )


def test_nearest_is_minus_one_outside_the_source():
    np.testing.assert_array_equal(
        nearest(plane(0, 0, 1, 2), plane(-1, 0, 1, 2)), [[-1, 0], [-1, 2]]
    )


def test_a_window_in_east_asia_is_regridded_from_the_global_cells():
    globe = Grid("EPSG:4326", -180, -90, 0.1, 0.1, 3600, 1800)
    window = window_grid(centre=(122, 37), size_km=(80, 80), step_km=8)
    lon, _ = np.meshgrid(globe.x, globe.y)
    result, valid = overlap_weights(globe, window).apply(lon.astype(np.float32))
    np.testing.assert_allclose(result, window.lonlat[0], atol=0.05)
    np.testing.assert_allclose(valid, 1, atol=1e-6)


def test_longitudes_from_0_to_360_are_supported():
    window = window_grid(centre=(-5, 45), size_km=(80, 80), step_km=8)
    east = Grid("EPSG:4326", 340, 40, 0.1, 0.1, 200, 100)
    west = Grid("EPSG:4326", -20, 40, 0.1, 0.1, 200, 100)
    difference = overlap_weights(east, window).matrix - overlap_weights(west, window).matrix
    assert abs(difference).max() < 1e-5


@pytest.mark.parametrize("first", [0.0, -180.0, 90.0])
@pytest.mark.parametrize(("west", "expected"), [(-0.5, 5), (-0.6, 6), (-0.4, 4), (-1.0, 10)])
def test_a_cell_across_the_seam_of_a_global_source_has_the_share_of_both_sides(
    first, west, expected
):
    globe = Grid("EPSG:4326", first, -90, 1, 1, 360, 180)
    values = np.zeros(globe.shape, np.float32)
    values[:, -1] = 10
    for lon in (first + west, first + west + 360, first + west - 360):
        cells = Grid("EPSG:4326", lon, 40, 1, 1, 1, 3)
        result, valid = overlap_weights(globe, cells).apply(values)
        np.testing.assert_allclose(result, expected, rtol=1e-6)
        np.testing.assert_allclose(valid, 1, rtol=1e-6)


def test_weights_from_a_global_source_do_not_depend_on_where_its_columns_begin():
    window = window_grid(centre=(0.3, 50), size_km=(80, 80), step_km=8)
    matrices = []
    for first in (0, -180):
        globe = Grid("EPSG:4326", first, -90, 0.5, 0.5, 720, 360)
        lon = np.arange(-180, 180, 0.5)
        order = np.argsort((lon - first) % 360)
        matrix = overlap_weights(globe, window).matrix.toarray().reshape(-1, *globe.shape)
        unrolled = np.empty_like(matrix)
        unrolled[..., order] = matrix
        matrices.append(unrolled)
    np.testing.assert_allclose(matrices[0], matrices[1], atol=1e-6)
    np.testing.assert_allclose(matrices[0].sum(axis=(1, 2)), 1, atol=1e-6)


def test_the_missing_side_of_a_source_that_ends_at_the_seam_is_not_valid():
    source = Grid("EPSG:4326", 300, 0, 1, 1, 60, 60)
    _, valid = overlap_weights(source, Grid("EPSG:4326", -0.25, 40, 1, 1, 1, 1)).apply(
        np.ones(source.shape), min_valid=0
    )
    np.testing.assert_allclose(valid, 0.25)


@pytest.mark.parametrize("case", remapcon.CASES)
def test_agrees_with_the_means_of_cdo_remapcon(case):
    source, target = remapcon.CASES[case]
    ours, valid = overlap_weights(source, target).apply(remapcon.rain(source))
    theirs = remapcon.recorded(case)
    np.testing.assert_allclose(valid, 1, rtol=1e-6)
    # The edges of CDO's pixels are great circles.
    np.testing.assert_allclose(ours, theirs, atol=1e-3)
    np.testing.assert_allclose(ours.mean(), theirs.mean(), rtol=1e-4)
