from dataclasses import replace

import numpy as np
import pytest

from rainscore.grids import window_grid
from rainscore.simulation.radarerrors import RadarNetwork
from rainscore.simulation.worlds import REFERENCE

GRID = window_grid(centre=(2.5, 46.6), size_km=(400, 400), step_km=4)
JULY, JANUARY = (float(np.datetime64(day, "h").astype(int)) for day in ("2019-07-10", "2019-01-10"))


def network(**parameters: float) -> RadarNetwork:
    return RadarNetwork.on(GRID, seed=3, world=replace(REFERENCE, **parameters))


def rain(rate: float) -> np.ndarray:
    return np.full(GRID.shape, rate, np.float32)


def test_without_errors_the_radar_measures_the_truth():
    truth = rain(2.0)
    assert network(radar_errors=0.0).observe(truth, JULY) is truth


def test_the_errors_are_of_the_size_of_published_ones():
    decibels = 10 * np.log10(network().observe(rain(2.0), JULY) / 2.0)
    assert 0.3 < decibels.std() < 2.5 and abs(np.median(decibels)) < 1.5
    stronger = 10 * np.log10(network(radar_errors=2.0).observe(rain(2.0), JULY) / 2.0)
    np.testing.assert_allclose(stronger, 2 * decibels, atol=1e-3)


def test_heavy_rain_attenuates_more_far_from_the_radar():
    radars = network()
    ratio = (radars.observe(rain(40.0), JULY) / 40) / (radars.observe(rain(1.0), JULY) / 1)
    distance = radars.path_km.reshape(GRID.shape)
    assert ratio[distance < 5].mean() > 0.9
    assert ratio[distance > 80].mean() < 0.5


def test_beams_overshoot_cold_rain_at_long_range():
    radars = network()
    far = radars.path_km.reshape(GRID.shape) > 100
    winter = radars.observe(rain(1.0), JANUARY)[far].mean()
    assert winter < 0.92 * radars.observe(rain(1.0), JULY)[far].mean()


def test_dry_pixels_stay_dry_except_for_a_little_clutter():
    dry = network().observe(rain(0.0), JULY)
    assert 0 < (dry > 0).mean() < 2e-3 and dry.max() < 20


def test_the_same_seed_gives_the_same_radar_and_another_seed_another():
    again = network().observe(rain(2.0), JULY)
    assert np.array_equal(again, network().observe(rain(2.0), JULY))
    other = RadarNetwork.on(GRID, seed=4, world=REFERENCE).observe(rain(2.0), JULY)
    assert not np.array_equal(again, other)


def test_a_blocked_sector_measures_less():
    constant = network().constant_db
    assert (constant < -2.5).mean() == pytest.approx(0.06, abs=0.05)
