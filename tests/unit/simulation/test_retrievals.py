from dataclasses import asdict, replace

import numpy as np
import pytest

from rainscore.grids import Grid
from rainscore.simulation.constellation import SATELLITES
from rainscore.simulation.errorsources import ALL_ERRORS, ErrorSources
from rainscore.simulation.overpasses import Overpass
from rainscore.simulation.retrievals import Retrievals

CELLS = Grid("EPSG:4326", 0.0, 45.0, 0.1, 0.1, 60, 50)
PERFECT = ErrorSources(**dict.fromkeys(asdict(ALL_ERRORS), False))
SUMMER, WINTER = (
    int(np.datetime64(d, "m").astype(int) // 30) for d in ("2018-07-20", "2018-01-20")
)


def overpass(half_hour: int = SUMMER, number: int = 0) -> Overpass:
    return Overpass(half_hour, number, SATELLITES[number], np.zeros(CELLS.shape, np.float32))


def rain(rate: float = 4.0) -> np.ndarray:
    field = np.zeros(CELLS.shape, np.float32)
    field[20:30, 20:40] = rate
    return field


def retrieve(field: np.ndarray, half_hour: int = SUMMER, **errors: bool) -> np.ndarray:
    world = Retrievals(CELLS, seed=1, errors=replace(PERFECT, **errors))
    return world.microwave(field, overpass(half_hour))


def test_without_errors_the_retrieval_equals_the_rain():
    field = rain()
    field[0, 0] = np.nan
    np.testing.assert_array_equal(retrieve(field), field)
    world = Retrievals(CELLS, seed=1, errors=PERFECT)
    np.testing.assert_array_equal(world.infrared([field], SUMMER), field)


BETWEEN_SCENES = {"sampling", "delay"}


@pytest.mark.parametrize("error", sorted(set(asdict(ALL_ERRORS)) - BETWEEN_SCENES))
def test_each_error_changes_the_retrieval_and_keeps_missing_cells_missing(error):
    field = rain(1.0)
    field[15:25, 30:35] = 0.05
    field[0, 0] = np.nan
    result = retrieve(field, **{error: True})
    assert not np.array_equal(result, field, equal_nan=True)
    assert np.array_equal(np.isnan(result), np.isnan(field))
    assert np.nanmin(result) >= 0 and result.dtype == np.float32


def test_weak_rain_is_missed_and_strong_rain_is_not():
    assert (retrieve(rain(0.03), misses=True)[20:30, 20:40] > 0).mean() < 0.1
    assert (retrieve(rain(5.0), misses=True)[20:30, 20:40] == 5).all()


def test_small_echoes_are_missed_more_often_than_large_ones_of_the_same_rate():
    large, small = np.full(CELLS.shape, 0.07, np.float32), np.zeros(CELLS.shape, np.float32)
    small[25, 30] = 0.07
    large_share = np.mean(
        [retrieve(large, SUMMER + 48 * k, misses=True)[25, 30] > 0 for k in range(40)]
    )
    small_share = np.mean(
        [retrieve(small, SUMMER + 48 * k, misses=True)[25, 30] > 0 for k in range(40)]
    )
    assert large_share > small_share + 0.1


def test_winter_precipitation_is_missed_more_often():
    field = np.full(CELLS.shape, 0.3, np.float32)
    summer, winter = (
        np.mean([(retrieve(field, start + 96 * k, misses=True) > 0).mean() for k in range(12)])
        for start in (SUMMER, WINTER)
    )
    assert winter < summer - 0.1


def test_misses_and_false_alarms_are_more_frequent_over_snow_covered_mountains():
    mountains = Grid("EPSG:4326", 5.5, 44.5, 0.1, 0.1, 20, 20)
    plain = Grid("EPSG:4326", 0.0, 47.0, 0.1, 0.1, 20, 20)
    detected, false_alarms = {}, {}
    for name, cells in (("snow", mountains), ("bare", plain)):
        weak, dry = np.full(cells.shape, 0.6, np.float32), np.zeros(cells.shape, np.float32)
        now = np.zeros(cells.shape, np.float32)
        passes = [Overpass(WINTER + 96 * k, 0, SATELLITES[0], now) for k in range(20)]
        retrievals = Retrievals(
            cells, seed=1, errors=replace(PERFECT, misses=True, false_alarms=True)
        )
        detected[name] = np.mean([(retrievals.microwave(weak, p) >= 0.6).mean() for p in passes])
        false_alarms[name] = np.mean([retrievals.microwave(dry, p).mean() for p in passes])
    assert detected["snow"] < detected["bare"] - 0.05
    assert false_alarms["snow"] > 3 * false_alarms["bare"]


def test_light_rain_is_overestimated_and_heavy_rain_underestimated():
    assert retrieve(rain(0.3), bias=True).max() > 0.3
    assert retrieve(rain(20.0), bias=True).max() < 20


def test_wide_footprints_blur_more():
    world = Retrievals(CELLS, seed=1, errors=replace(PERFECT, smoothing=True))
    peaks = {p: world.microwave(rain(), overpass(number=p)).std() for p in (0, 2)}
    assert peaks[2] < peaks[0] < rain().std()


def test_smoothing_keeps_a_uniform_rate_at_the_edge_of_the_coverage():
    field = np.full(CELLS.shape, 2.0, np.float32)
    field[:, :20] = np.nan
    np.testing.assert_allclose(retrieve(field, smoothing=True)[:, 20:], 2, rtol=1e-5)


def test_the_errors_depend_on_the_overpass_only():
    world = Retrievals(CELLS, seed=1, errors=ALL_ERRORS)
    first, second, other = (
        world.microwave(rain(), overpass(h)) for h in (SUMMER, SUMMER, SUMMER + 4)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_snow_is_likely_in_winter_in_the_north_and_never_in_summer():
    world = Retrievals(CELLS, seed=1, errors=ALL_ERRORS)
    summer = world.liquid_probability(SUMMER / 2)
    winter = np.mean([world.liquid_probability(WINTER / 2 + 48 * k) for k in range(15)], axis=0)
    assert summer.min() > 99 and 50 < winter.mean() < 97
    assert summer.shape == CELLS.shape


def test_the_cold_shield_is_larger_than_the_rain_and_lacks_shallow_rain():
    world = Retrievals(CELLS, seed=1, errors=replace(ALL_ERRORS, noise=False, displacement=False))
    deep, shallow = world.infrared([rain(8.0)], SUMMER), world.infrared([rain(0.1)], SUMMER)
    assert (deep >= 0.2).sum() > (rain() > 0).sum()
    assert (shallow >= 0.2).sum() == 0
