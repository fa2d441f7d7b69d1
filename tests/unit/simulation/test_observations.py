from dataclasses import replace

import numpy as np

from rainscore.grids import Grid
from rainscore.simulation.errorsources import ALL_ERRORS, PERFECT, ErrorSources
from rainscore.simulation.observations import Observer, mean_rate

CELLS = Grid("EPSG:4326", 0.0, 45.0, 0.1, 0.1, 50, 40)


def no_frames(start: np.datetime64, end: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
    return np.array([], "datetime64[ns]"), np.empty((0, *CELLS.shape), np.float32)


def observer(errors: ErrorSources = ALL_ERRORS) -> Observer:
    return Observer(no_frames, CELLS, seed=5, errors=errors)


def test_a_scene_has_the_frames_of_the_two_preceding_half_hours_and_no_older_ones():
    satellites = observer()
    middle, frames = np.array([2.5, 17.5]), np.zeros((2, *CELLS.shape), np.float32)
    for half_hour in (6, 7, 9, 10):
        middles, rates = satellites.with_recent(half_hour, middle, frames + half_hour)
    np.testing.assert_array_equal(middles, [-27.5, -12.5, 2.5, 17.5])
    np.testing.assert_array_equal(rates[:, 0, 0], [9, 9, 10, 10])
    middles, rates = satellites.with_recent(11, middle[:0], frames[:0])
    np.testing.assert_array_equal(rates[:, 0, 0], [9, 9, 10, 10])
    np.testing.assert_array_equal(middles, [-57.5, -42.5, -27.5, -12.5])


def test_a_sensor_observes_earlier_rain_only_with_the_delay_error():
    middle = np.array([-50.0, -20.0, -10.0, 10.0, 20.0])
    frames = np.arange(5, dtype=np.float32)[:, None, None] * np.ones(CELLS.shape, np.float32)
    delayed = observer(replace(PERFECT, delay=True)).scene(middle, frames, 15.0)
    prompt = observer(PERFECT).scene(middle, frames, 15.0)
    np.testing.assert_allclose(delayed, (1 + 2) / 2)
    np.testing.assert_allclose(prompt, (3 + 4) / 2)


def test_the_mean_rate_leaves_out_missing_frames():
    frames = np.array([[[1.0, np.nan]], [[3.0, np.nan]], [[np.nan, 5.0]]], np.float32)
    np.testing.assert_array_equal(mean_rate(frames, (1, 2)), [[2, 5]])
    assert np.isnan(mean_rate(frames[:0], (1, 2))).all()
