import numpy as np
import pytest

from rainscore.grids import Grid, window_grid
from rainscore.simulation.landsea import land_mask


@pytest.mark.parametrize(
    ("name", "lon", "lat", "is_land"),
    [
        ("Paris", 2.3, 48.9, True),
        ("Bay of Biscay", -5.0, 45.0, False),
        ("Nairobi", 36.8, -1.3, True),
        ("Brisbane", 152.5, -27.5, True),
        ("Coral Sea", 156.0, -20.0, False),
        ("Antarctica", 0.0, -85.0, True),
        ("Caspian Sea", 51.0, 41.0, False),
        ("Kamchatka", 160.0, 56.0, True),
        ("Pacific on the date line", 179.99, 0.0, False),
    ],
)
def test_places_are_on_land_or_at_sea(name, lon, lat, is_land):
    cell = Grid("EPSG:4326", lon - 0.05, lat - 0.05, 0.1, 0.1, 1, 1)
    assert land_mask(cell).item() == is_land, name


def test_29_percent_of_the_earth_is_land():
    globe = Grid("EPSG:4326", -180, -90, 0.5, 0.5, 720, 360)
    area = np.cos(np.deg2rad(globe.y))[:, None] * np.ones(720)
    assert np.average(land_mask(globe), weights=area) == pytest.approx(0.29, abs=0.01)


def test_a_projected_grid_has_the_land_of_its_pixels():
    grid = window_grid(centre=(-1.0, 44.5), size_km=(200, 100), step_km=10)
    land = land_mask(grid)
    assert land.shape == (10, 20) and not land[:, :2].any() and land[:, -5:].all()
