import numpy as np
import pytest

from rainscore.grids import imerg_cells, study_grid
from rainscore.scores.cellwindows import CellWindows

GRID = study_grid(centre=(2.5, 46.6), size_km=320, step_km=8)
CELLS = imerg_cells(GRID, margin=8)
WINDOWS = CellWindows.between(CELLS, GRID, window_km=48)


def test_the_weights_of_a_window_inside_the_cells_add_to_one() -> None:
    np.testing.assert_allclose(WINDOWS.inside, 1, atol=0.01)


def test_the_mean_of_a_constant_field_is_the_constant() -> None:
    field = np.full((2, *CELLS.shape), 3.0)
    np.testing.assert_allclose(WINDOWS.means(field), 3 * np.stack([WINDOWS.inside] * 2))


def test_the_effective_area_is_that_of_the_square() -> None:
    weights = WINDOWS.weights.toarray()
    cell_km2 = (111.195 * 0.1) ** 2 * np.cos(np.deg2rad(CELLS.y))
    areas = np.repeat(cell_km2, CELLS.nx)
    density = weights / areas  # weight per km²
    effective = weights.sum(axis=1) ** 2 / (density**2 * areas).sum(axis=1)
    # The cut at the distance of the corners makes the side 4 % shorter.
    np.testing.assert_allclose(np.sqrt(effective), 0.96 * 48, rtol=0.04)


def test_a_window_reaches_as_far_as_the_corners_of_the_square() -> None:
    centre = np.ravel_multi_index((20, 20), GRID.shape)
    row = WINDOWS.weights[[centre]].toarray().reshape(CELLS.shape)
    lon, lat = (axis[20, 20] for axis in GRID.lonlat)
    east = (CELLS.x - lon) * 111.195 * np.cos(np.deg2rad(lat))
    north = (CELLS.y - lat) * 111.195
    distance = np.hypot(east[None], north[:, None])
    assert (row[distance < 48 / np.sqrt(2) - 8] > 0).all()
    assert (row[distance > 48 / np.sqrt(2) + 8] == 0).all()
    assert row[distance < 8].min() > row[distance > 24].max()


def test_windows_at_the_edge_of_the_cells_are_partly_outside() -> None:
    narrow = CellWindows.between(imerg_cells(GRID, margin=0), GRID, window_km=48)
    assert narrow.inside[0, 0] == pytest.approx(0.5, abs=0.2)
    assert narrow.inside[20, 20] == pytest.approx(1, abs=0.01)


def test_windows_within_some_cells_ignore_the_others() -> None:
    mask = np.zeros(CELLS.shape, bool)
    mask[:, : CELLS.nx // 2] = True
    field = np.where(mask, 1.0, 99.0)[None]
    some = WINDOWS.within(mask)
    np.testing.assert_allclose(some.means(field)[0], some.inside)
    assert some.inside[20, -1] == 0 and some.inside[20, 0] == pytest.approx(1, abs=0.01)
