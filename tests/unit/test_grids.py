import numpy as np
import pytest

from rainscore.grids import Grid, study_grid


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
