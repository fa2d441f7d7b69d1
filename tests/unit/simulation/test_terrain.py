import numpy as np
import pytest

from rainscore.grids import study_grid, window_grid
from rainscore.simulation.terrain import MOUNTAINS, RAIN_HILLS, terrain_factor, terrain_height


def at(lon: float, lat: float) -> float:
    grid = window_grid(centre=(lon, lat), size_km=(4, 4), step_km=4)
    return float(terrain_factor(grid)[0, 0])


def test_mountains_are_wetter_than_plains():
    lon, lat, *_ = RAIN_HILLS["Alps"]
    assert at(lon, lat) > 1.3
    lon, lat, *_ = RAIN_HILLS["Beauce and Paris"]
    assert at(lon, lat) < 0.85


def test_the_mean_terrain_factor_of_the_domain_is_one():
    factor = terrain_factor(study_grid(centre=(2.5, 46.6), size_km=800, step_km=8))
    assert factor.mean() == pytest.approx(1, abs=0.01)
    assert factor.dtype == np.float32


def test_the_alps_are_high_and_the_plains_low():
    lon, lat, _, height = MOUNTAINS["Alps"]
    cells = window_grid(centre=(lon, lat), size_km=(4, 4), step_km=4)
    assert terrain_height(cells)[0, 0] > height
    flat = window_grid(centre=(0.0, 48.5), size_km=(4, 4), step_km=4)
    assert terrain_height(flat)[0, 0] == pytest.approx(150, abs=10)


def test_far_from_france_the_terrain_is_flat():
    assert at(60.0, 10.0) == pytest.approx(np.exp(-0.04), abs=1e-3)
