from itertools import pairwise

import numpy as np
import pytest

from rainscore.grids import Grid, imerg_cells, study_grid
from rainscore.simulation.constellation import SATELLITES, active_satellites
from rainscore.simulation.overpasses import _unit_vectors, find_overpasses, ground_track

CELLS = imerg_cells(study_grid(centre=(2.5, 46.6), size_km=160, step_km=8))
DAY = np.datetime64("2017-05-01")


def number(name: str) -> int:
    return next(i for i, s in enumerate(SATELLITES) if s.name == name)


def test_only_satellites_with_data_on_a_day_are_active():
    names = {
        day: {s.name for _, s in active_satellites(np.datetime64(day))}
        for day in ("2017-01-01", "2020-01-01")
    }
    assert {"GPM", "NOAA-18", "MetOp-A"} <= names["2017-01-01"]
    assert "NOAA-20" not in names["2017-01-01"]
    assert {"NOAA-20", "MetOp-C"} <= names["2020-01-01"]
    assert not {"NOAA-18", "MetOp-A"} & names["2020-01-01"]


def test_the_latitude_reached_is_the_inclination():
    track = ground_track(SATELLITES[0], 0, np.arange(0, 86400, 5.0))
    np.testing.assert_allclose(np.linalg.norm(track, axis=1), 1, rtol=1e-12)
    assert np.rad2deg(np.arcsin(track[:, 2].max())) == pytest.approx(65.0, abs=0.01)


def test_a_sun_synchronous_satellite_crosses_the_equator_at_its_local_time():
    i = number("GCOM-W1")
    time = 1.5e9 + np.arange(0, 86400, 1.0)
    track = ground_track(SATELLITES[i], i, time)
    up = np.flatnonzero((track[:-1, 2] < 0) & (track[1:, 2] >= 0))
    lon = np.rad2deg(np.arctan2(track[up, 1], track[up, 0]))
    local = (time[up] / 3600 + lon / 15) % 24
    np.testing.assert_allclose(local, 13.5, atol=0.01)


def test_the_period_of_gmi_is_that_of_its_altitude():
    track = ground_track(SATELLITES[0], 0, np.arange(0, 86400, 1.0))
    up = np.flatnonzero((track[:-1, 2] < 0) & (track[1:, 2] >= 0))
    assert np.diff(up).mean() / 60 == pytest.approx(92.6, abs=0.2)


def test_crossing_times_agree_with_a_search_in_steps_of_one_second():
    overpasses = [p for passes in find_overpasses(CELLS, DAY).values() for p in passes]
    vectors = _unit_vectors(CELLS)
    for overpass in overpasses[::6]:
        start = overpass.half_hour * 1800
        time = start + np.arange(-300, 2100, 1.0)
        track = ground_track(overpass.satellite, overpass.number, time)
        cell = int(np.flatnonzero(np.isfinite(overpass.minute.ravel()))[0])
        exact = time[(track @ vectors[cell]).argmax()] - start
        assert overpass.minute.ravel()[cell] * 60 == pytest.approx(exact, abs=2)


def test_cells_are_observed_only_inside_the_swath():
    for passes in find_overpasses(CELLS, DAY).values():
        for overpass in passes:
            observed = np.isfinite(overpass.minute).ravel()
            time = overpass.half_hour * 1800 + np.arange(-600, 2400, 2.0)
            track = ground_track(overpass.satellite, overpass.number, time)
            distance = 6378.137 * np.arccos(np.clip(_unit_vectors(CELLS) @ track.T, -1, 1)).min(1)
            assert distance[observed].max() < overpass.satellite.sensor.swath_km / 2 + 1
            assert overpass.minute.ravel()[observed].min() >= 0
            assert overpass.minute.ravel()[observed].max() < 30


def test_the_preferred_sensor_comes_last():
    for passes in find_overpasses(CELLS, DAY).values():
        ranks = [p.satellite.sensor.rank for p in passes]
        assert ranks == sorted(ranks, reverse=True)


def test_the_number_of_passes_over_france_agrees_with_the_real_one():
    point = Grid("EPSG:4326", 2.4, 46.5, 0.1, 0.1, 2, 2)
    times, half_hours = [], set()
    days = 60
    for day in np.datetime64("2017-01-01") + np.arange(days):
        for half_hour, passes in find_overpasses(point, day).items():
            minutes = [p.minute[0, 0] for p in passes if np.isfinite(p.minute[0, 0])]
            times += [half_hour * 30 + m for m in minutes]
            half_hours |= {half_hour} if minutes else set()
    gaps = np.diff(sorted(half_hours)) / 2
    assert len(times) / days == pytest.approx(19.7, rel=0.1)
    assert len(half_hours) / days / 48 == pytest.approx(0.36, rel=0.1)
    assert gaps.mean() == pytest.approx(1.4, rel=0.1)
    assert np.percentile(gaps, 90) == pytest.approx(2.5, rel=0.1)
    assert max(b - a for a, b in pairwise(sorted(times))) / 60 < 6.5
